// Runs a fuzz target without a fuzzer, so that it builds and its seeds pass with every compiler.
//
//     replay_redact [--mutations N] FILE|FOLDER...
//
// Templates in seeds ({alnum:36}) are filled: no real-looking credential stands in a file. With
// --mutations each seed is tried that many times more with a few bytes changed, the same ones every
// time.

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "filters/example.h"
#include "tests/fuzz/require.h"

namespace {

namespace fs = std::filesystem;

std::string current;  // the input at work, saved when the target aborts

void save_current() {
  std::string name = (fs::temp_directory_path() / "redactd-crash.bin").string();
  std::ofstream(name, std::ios::binary) << current;
  std::fprintf(stderr, "the input was saved as %s\n", name.c_str());
}

void run(const std::string& input) {
  current = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

void replay(const std::string& seed, size_t mutations, std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {
      "\"", "\\", "'",    "\n",           "=",        ":",    " ",   "{",  "}", "[", "]",
      ",",  "@",  "\\\"", "[REDACTED:x]", "password", "\xff", "%3D", "\\n"};
  run(seed);
  for (size_t i = 0; i < mutations && !seed.empty(); ++i) {
    std::string input = seed;
    for (size_t edits = random() % 4 + 1; edits > 0 && !input.empty(); --edits) {
      size_t at = random() % input.size();
      switch (random() % 4) {
        case 0:
          input[at] = static_cast<char>(random());
          break;
        case 1:
          input.erase(at, random() % 8 + 1);
          break;
        case 2:
          input.insert(at, kPieces[random() % std::size(kPieces)]);
          break;
        default:
          input.insert(at, input.substr(random() % input.size(), random() % 40));
      }
    }
    run(input);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, [](int) { save_current(); });
  size_t mutations = 0;
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--mutations" && i + 1 < argc) {
      mutations = std::stoul(argv[++i]);
    } else if (fs::is_directory(argument)) {
      for (const auto& entry : fs::directory_iterator(argument)) files.push_back(entry.path());
    } else {
      files.emplace_back(argument);
    }
  }
  std::sort(files.begin(), files.end());
  std::mt19937 random(1);
  for (const fs::path& file : files) {
    std::stringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    redactd::FilledExample filled = redactd::fill_example(text.str(), file.filename().string());
    replay(filled.text, mutations, random);
  }
  std::printf("%zu seeds, %zu runs\n", files.size(), files.size() * (mutations + 1));
  return files.empty() ? 1 : 0;
}
