#include "daemon/known/value_table.h"

#include <gtest/gtest.h>

namespace redactd::test {
namespace {

using namespace std::chrono_literals;

class ValueTableTest : public ::testing::Test {
 protected:
  static FoundValue found(const std::string& name, const std::string& value,
                          const std::string& where = "somewhere") {
    return {{name, Secret(value)}, where};
  }
  static Reading reading(std::vector<FoundValue> values) { return {std::move(values), {}, {}}; }

  std::vector<std::string> values() const {
    std::vector<std::string> all;
    for (const KnownValue& known : table.values())
      all.push_back(known.name + "=" + std::string(known.value.view()));
    return all;
  }

  ControlCounters counters;
  std::vector<std::string> warnings;
  ValueTable table{10, counters, [this](std::string_view source, std::string_view reason) {
                     warnings.push_back(std::string(source) + ": " + std::string(reason));
                   }};
  ValueTable::Time now{};
};

using Values = std::vector<std::string>;

TEST_F(ValueTableTest, ASourceIsReplacedAsAWhole) {
  EXPECT_TRUE(table.replace("a", reading({found("A", "valqe one"), found("B", "valqe two")})));
  EXPECT_FALSE(table.replace("a", reading({found("A", "valqe one"), found("B", "valqe two")})))
      << "nothing is new";
  EXPECT_TRUE(table.replace("a", reading({found("A", "valqe three")})));
  EXPECT_EQ(values(), Values{"A=valqe three"});
  EXPECT_EQ(counters.known_values.get(), 1u);
}

TEST_F(ValueTableTest, TheFirstSourceNamesAValue) {
  table.replace("2", reading({found("SECOND", "valqe one")}));
  table.replace("1", reading({found("FIRST", "valqe one")}));
  EXPECT_EQ(values(), Values{"FIRST=valqe one"});
  table.replace("1", reading({}));
  EXPECT_EQ(values(), Values{"SECOND=valqe one"});
}

TEST_F(ValueTableTest, UnfitValuesAreRefusedOnceAndNotShown) {
  for (int i = 0; i < 2; ++i)
    table.replace("a", reading({found("PIN", "4711", "file /pin"), found("X", "xxxxxxxxxx")}));
  EXPECT_EQ(values(), Values{});
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[0].find("file /pin (PIN): is not masked: it "), 0u) << warnings[0];
  EXPECT_EQ(counters.known_refused.get(), 2u);
  for (const std::string& warning : warnings) {
    EXPECT_EQ(warning.find("4711"), std::string::npos);
    EXPECT_EQ(warning.find("xxx"), std::string::npos);
  }
}

/// The log lets ten of a kind through: a command that fails must not be the eleventh.
TEST_F(ValueTableTest, ManyUnfitValuesAreToldAtOnce) {
  std::vector<FoundValue> unfit;
  for (char name = 'a'; name < 'z'; ++name)
    unfit.push_back(found({name}, "4711", "file /s/" + std::string{name}));
  table.replace("a", reading(unfit));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].find("file /s/a (a), file /s/b (b), file /s/c (c), file /s/d (d), "
                             "file /s/e (e) and 20 more: is not masked: it "),
            0u)
      << warnings[0];
  unfit.push_back(found("z", "4711", "file /s/z"));
  table.replace("a", reading(unfit));
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[1].find("file /s/z (z): is not masked: it "), 0u) << "the one that is new";
  EXPECT_EQ(counters.known_refused.get(), 26u);
}

TEST_F(ValueTableTest, ATroubleIsToldAgainWhenItComesBack) {
  Reading trouble{{}, {{"file /a", "cannot be read"}}, {}};
  table.replace("a", trouble);
  table.replace("a", trouble);
  EXPECT_EQ(warnings.size(), 1u);
  table.replace("a", {});
  table.replace("a", trouble);
  EXPECT_EQ(warnings.size(), 2u);
}

TEST_F(ValueTableTest, WhatCouldNotBeReadStays) {
  table.replace("a",
                reading({found("A", "valqe one", "file /s/a"), found("B", "valqe two", "file /s/b"),
                         found("C", "valqe three", "file /s2")}));
  table.replace("a", {{}, {}, {"file /s/a"}});
  EXPECT_EQ(values(), Values{"A=valqe one"});
  table.replace("a", {{}, {}, {"file /s"}});
  EXPECT_EQ(values(), Values{"A=valqe one"}) << "a folder that could not be opened";
}

TEST_F(ValueTableTest, ATroubleTellsWhatStaysMasked) {
  const Reading failed{{}, {{"command c", "failed"}}, {"command c"}};
  table.replace("c", failed);
  table.replace("c", reading({found("C", "valqe one", "command c")}));
  table.replace("c", failed);
  EXPECT_EQ(warnings,
            (Values{"command c: failed", "command c: failed; the value of before stays masked"}));
}

TEST_F(ValueTableTest, ValuesExpire) {
  EXPECT_TRUE(table.add("s", found("A", "valqe one"), now + 10s).changed);
  EXPECT_TRUE(table.add("s", found("B", "valqe two"), {}).changed);
  EXPECT_EQ(table.next_expiry(), now + 10s);
  EXPECT_FALSE(table.expire(now + 9s));
  EXPECT_TRUE(table.expire(now + 10s));
  EXPECT_EQ(values(), Values{"B=valqe two"});
  EXPECT_FALSE(table.next_expiry());
}

TEST_F(ValueTableTest, AddedAgainAValueLivesOn) {
  table.add("s", found("A", "valqe one"), now + 10s);
  EXPECT_FALSE(table.add("s", found("A", "valqe one"), now + 20s).changed);
  EXPECT_EQ(table.count_of("s"), 1u);
  EXPECT_FALSE(table.expire(now + 10s));
}

TEST_F(ValueTableTest, ANameMayHaveSeveralValues) {
  table.add("s", found("A", "valqe one"), {});
  table.add("s", found("A", "valqe two"), {});
  EXPECT_EQ(values(), (Values{"A=valqe one", "A=valqe two"}));
  EXPECT_EQ(table.remove("s", [](const KnownValue& known) { return known.name == "A"; }), 2u);
  EXPECT_EQ(values(), Values{});
  EXPECT_EQ(table.remove("other", [](const KnownValue&) { return true; }), 0u);
}

TEST_F(ValueTableTest, ThereAreNoMoreThanAllowed) {
  std::vector<FoundValue> many;
  for (int i = 0; i < 12; ++i) many.push_back(found("A", "known value " + std::to_string(i)));
  table.replace("a", reading(many));
  EXPECT_EQ(values().size(), 10u);
  EXPECT_EQ(counters.known_values.get(), 10u);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("more than 10 values"), std::string::npos);
  EXPECT_NE(table.add("s", found("B", "one more valqe"), {}).refused, "");
  EXPECT_EQ(warnings.size(), 1u) << "once";
}

TEST_F(ValueTableTest, SourcesThatAreGoneTakeTheirValuesAlong) {
  table.replace("a", reading({found("A", "valqe one")}));
  table.replace("b", reading({found("B", "valqe two")}));
  EXPECT_TRUE(table.keep_only({"b", "c"}));
  EXPECT_EQ(values(), Values{"B=valqe two"});
  EXPECT_EQ(counters.known_values.get(), 1u);
  EXPECT_EQ(table.entries().size(), 1u);
  EXPECT_FALSE(table.keep_only({"b"}));
}

TEST_F(ValueTableTest, ASourceMayComeBackUntilItIsForgotten) {
  table.replace("a", reading({found("A", "valqe one")}));
  table.keep_only({});
  EXPECT_TRUE(table.keep_only({"a"}));
  EXPECT_EQ(values(), Values{"A=valqe one"});
  table.keep_only({});
  table.forget_retired();
  EXPECT_FALSE(table.keep_only({"a"}));
  EXPECT_EQ(values(), Values{});
}

}  // namespace
}  // namespace redactd::test
