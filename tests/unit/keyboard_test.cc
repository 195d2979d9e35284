#include "daemon/run/keyboard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "daemon/descriptor.h"
#include "tests/testing/memory.h"

namespace redactd::test {
namespace {

/// A pipe in place of standard input, and another one in place of the program's terminal.
class KeyboardTest : public ::testing::Test {
 protected:
  KeyboardTest() : input_before_(dup(STDIN_FILENO)) {
    std::array<int, 2> typed{};
    std::array<int, 2> program{};
    EXPECT_EQ(pipe2(typed.data(), O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(program.data(), O_CLOEXEC | O_NONBLOCK), 0);
    dup2(typed[0], STDIN_FILENO);
    close(typed[0]);
    hand_ = Descriptor(typed[1]);
    programs_input_ = Descriptor(program[0]);
    programs_terminal_ = Descriptor(program[1]);
  }
  ~KeyboardTest() override { dup2(input_before_.get(), STDIN_FILENO); }

  void type(std::string_view keys) const {
    ASSERT_EQ(write(hand_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  SecretText program_reads() const {
    SecretText taken(8192, '\0');
    ssize_t size = read(programs_input_.get(), taken.data(), taken.size());
    taken.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return taken;
  }
  /// Until the program's terminal takes no byte more.
  void fill_terminal() const {
    const std::string keys(4096, '.');
    while (write(programs_terminal_.get(), keys.data(), keys.size()) > 0) {
    }
    while (write(programs_terminal_.get(), keys.data(), 1) > 0) {
    }
  }
  void drain_terminal() const {
    while (!program_reads().empty()) {
    }
  }

  Descriptor input_before_;
  Descriptor hand_;
  Descriptor programs_input_;
  Descriptor programs_terminal_;
};

TEST_F(KeyboardTest, WhatIsTypedGoesOnAndNothingOfItStaysInMemory) {
  Keyboard keyboard(programs_terminal_.get());
  const std::string turned = turned_over_secret();
  type(turned_over<SecretText>(turned));
  keyboard.read();
  EXPECT_EQ(turned_over<std::string>(program_reads()), turned);
  // What is given up may lose its first bytes.
  EXPECT_EQ(copies_in_memory(std::string_view(turned).substr(16)), 0u);
}

TEST_F(KeyboardTest, WhatTheProgramDoesNotTakeWaitsAndComesInOrder) {
  Keyboard keyboard(programs_terminal_.get());
  fill_terminal();
  type("ls\n");
  ASSERT_TRUE(keyboard.wants_input());
  keyboard.read();
  EXPECT_TRUE(keyboard.wants_output());
  EXPECT_FALSE(keyboard.wants_input()) << "what comes next waits in the terminal";
  drain_terminal();
  keyboard.write();
  EXPECT_EQ(program_reads(), "ls\n");
  EXPECT_TRUE(keyboard.wants_input());
}

TEST_F(KeyboardTest, NothingIsReadAfterTheEnd) {
  Keyboard keyboard(programs_terminal_.get());
  hand_.reset();
  keyboard.read();
  EXPECT_FALSE(keyboard.wants_input());
  EXPECT_FALSE(keyboard.wants_output());
}

}  // namespace
}  // namespace redactd::test
