#include "config/substitution.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/surroundings.h"
#include "config/yaml_reader.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

/// A machine with two variables and one file.
const Surroundings& small_machine() {
  static const Surroundings machine{
      [](const std::string& name) -> std::optional<std::string> {
        if (name == "HOST") return "log1";
        if (name == "EMPTY") return "";
        if (name == "TRICKY") return "${HOST}$$";
        return std::nullopt;
      },
      [](const std::string& path, std::string& error) -> std::optional<std::string> {
        if (path == "/etc/redactd/token") return "correct-horse\n";
        if (path == "/two") return "two\n\n";
        if (path == "/windows") return "of Windows\r\n";
        if (path == "/cr") return "a lone CR\r";
        error = "No such file or directory";
        return std::nullopt;
      }};
  return machine;
}

std::string filled(std::string_view text) {
  std::string error;
  std::optional<std::string> result = substitute(text, "/etc/redactd", small_machine(), error);
  EXPECT_TRUE(result) << text << ": " << error;
  return result.value_or("");
}

std::string refusal(std::string_view text) {
  std::string error;
  EXPECT_FALSE(substitute(text, "/etc/redactd", small_machine(), error)) << text;
  return error;
}

TEST(Substitution, PutsInVariablesAndFiles) {
  EXPECT_EQ(filled("plain"), "plain");
  EXPECT_EQ(filled(""), "");
  EXPECT_EQ(filled("tls://${HOST}:6514"), "tls://log1:6514");
  EXPECT_EQ(filled("${HOST}${HOST}"), "log1log1");
  EXPECT_EQ(filled("${EMPTY}"), "");
  EXPECT_EQ(filled("${file:/etc/redactd/token}"), "correct-horse");
  EXPECT_EQ(filled("${file:token}"), "correct-horse") << "relative to the configuration file";
}

TEST(Substitution, RefusesDefaultsThatHoldAnother) {
  for (const char* nested :
       {"${NOSUCH:-${HOST}}", "${HOST:-${NOSUCH}}", "${NOSUCH:-a${file:/two}b}",
        "${file:/run/${HOST}}", "${NOSUCH:-$${HOST}}"})
    EXPECT_NE(refusal(nested).find("neither defaults nor paths can hold one"), std::string::npos)
        << nested << ": " << refusal(nested);
}

TEST(Substitution, DropsOneNewlineOfAFile) {
  EXPECT_EQ(filled("${file:/two}"), "two\n");
  EXPECT_EQ(filled("${file:/windows}"), "of Windows");
  EXPECT_EQ(filled("${file:/cr}"), "a lone CR\r");
}

TEST(Substitution, HasDefaultsForWhatIsNotSetOrEmpty) {
  EXPECT_EQ(filled("${NOSUCH:-log2}"), "log2");
  EXPECT_EQ(filled("${NOSUCH:-}"), "");
  EXPECT_EQ(filled("${EMPTY:-log2}"), "log2");
  EXPECT_EQ(filled("${HOST:-log2}"), "log1");
}

TEST(Substitution, MakesADollarOfTwo) {
  EXPECT_EQ(filled("$$"), "$");
  EXPECT_EQ(filled("a$$b$$$$c"), "a$b$$c");
  EXPECT_EQ(filled("$${HOST}"), "${HOST}");
}

TEST(Substitution, DoesNotLookAtWhatWasPutIn) { EXPECT_EQ(filled("${TRICKY}"), "${HOST}$$"); }

TEST(Substitution, RefusesWhatItCannotFill) {
  EXPECT_EQ(refusal("x ${NOSUCH}"), "the environment variable NOSUCH is not set");
  EXPECT_EQ(refusal("${file:/nonexistent}"),
            "the file of ${file:/nonexistent} cannot be read: No such file or directory");
  for (const char* text : {"$", "$HOST", "a $ b", "100$"})
    EXPECT_NE(refusal(text).find("stands alone"), std::string::npos) << text;
  for (const char* text : {"${", "${HOST", "${HOST:-x"})
    EXPECT_NE(refusal(text).find("not closed"), std::string::npos) << text;
  for (const char* text : {"${}", "${a b}", "${1A}", "${:-x}", "${HOST-x}", "${HOST:x}"})
    EXPECT_NE(refusal(text).find("no variable's name"), std::string::npos) << text;
  EXPECT_NE(refusal("${file:}").find("names no file"), std::string::npos);
}

TEST(Substitution, IsInEveryKindOfValueAndReportedOnceAtItsPlace) {
  Diagnostics diagnostics;
  auto document = YamlReader::parse("n: ${NOSUCH:-7}\nl: [x, \"${HOST}\"]\nbad: ${NOSUCH}\n",
                                    "/etc/redactd/redactd.yaml", diagnostics, &small_machine());
  ASSERT_TRUE(document);
  EXPECT_EQ((*document)["n"].count(), 7u);
  EXPECT_EQ((*document)["l"].texts(), (std::vector<std::string>{"x", "log1"}));
  EXPECT_FALSE((*document)["bad"].text());
  EXPECT_FALSE((*document)["bad"].text());
  EXPECT_EQ(diagnostics.text(),
            "/etc/redactd/redactd.yaml:3:6: bad: the environment variable NOSUCH is not set\n");
}

TEST(ThisMachine, GivesVariablesAndFiles) {
  TempDir dir;
  std::string error;
  EXPECT_TRUE(this_machine().environment("PATH"));
  EXPECT_FALSE(this_machine().environment("REDACTD_NO_SUCH_VARIABLE"));
  EXPECT_EQ(this_machine().read_file(dir.write("x", std::string("a\0b\n", 4)), error),
            std::string("a\0b\n", 4));
  EXPECT_EQ(this_machine().read_file(dir.write("empty", ""), error), "");
  EXPECT_FALSE(this_machine().read_file(dir.path("nosuch"), error));
  EXPECT_EQ(error, "No such file or directory");
  EXPECT_FALSE(this_machine().read_file(dir.path(), error));
  EXPECT_EQ(error, "Is a directory");
  EXPECT_FALSE(this_machine().read_file("/dev/zero", error));
  EXPECT_EQ(error, "it is no regular file");
  std::filesystem::resize_file(dir.path("x"), (16 << 20) + 1);
  EXPECT_FALSE(this_machine().read_file(dir.path("x"), error));
  EXPECT_EQ(error, "larger than 16 MiB");
}

TEST(ThisMachine, DoesNotWaitForAPipe) {
  TempDir dir;
  std::string error;
  std::string pipe = dir.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(this_machine().read_file(pipe, error));
  EXPECT_EQ(error, "it is no regular file");
}

TEST(ThisMachine, ReadsAPipeThatItWasHanded) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "key", 3), 3);
  close(ends[1]);
  std::string error;
  EXPECT_EQ(this_machine().read_file("/dev/fd/" + std::to_string(ends[0]), error), "key") << error;
  close(ends[0]);
}

}  // namespace
}  // namespace redactd::test
