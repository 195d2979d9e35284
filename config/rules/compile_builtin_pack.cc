// Runs at build time: checks the packs of filters/rules/ and writes them as C++ source, with a
// database for each instruction set. What it prints as errors is what `redactd rules check` prints.
//
//     compile_builtin_pack OUTPUT_FOLDER SOURCE_FOLDER PACK.yaml… --optional PACK.yaml…
//
// The databases hold the rules of the first packs. Those of optional packs are compiled when one of
// them is switched on: what nobody asked for must not slow down the scan.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "config/rules/rule_loader.h"
#include "filters/rule_set.h"

namespace redactd {
namespace {

namespace fs = std::filesystem;

std::string cpp_string(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte >= 0x7f || c == '?') {
      char octal[8];
      std::snprintf(octal, sizeof octal, "\\%03o", byte);
      result += octal;
    } else {
      result += c;
    }
  }
  return result + '"';
}

/// A list as one literal, an item a line: hundreds of initializer lists keep a compiler busy for
/// minutes.
std::string cpp_lines(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += text + '\n';
  return "lines(" + cpp_string(joined) + ")";
}

/// An enumerator by its number: the numbers are those of the headers this tool was built with.
template <typename Enum>
std::string enumerator(const char* type, Enum value) {
  return std::string("static_cast<") + type + ">(" + std::to_string(static_cast<int>(value)) + ")";
}

/// What the written source needs.
constexpr const char* kHelpers = R"(
namespace redactd {
namespace {

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> result;
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return result;
}

ByteClass byte_class(std::string_view members) {
  ByteClass result;
  for (char c : members) result.add(static_cast<unsigned char>(c));
  return result;
}

)";

void write_rule(std::ostream& out, const Rule& rule, size_t number) {
  out << "void add_" << number << "(std::vector<Rule>& rules) {\n    Rule r;\n"
      << "    r.id = " << cpp_string(rule.id) << ";\n    r.title = " << cpp_string(rule.title)
      << ";\n"
      << "    r.kind = " << enumerator("RuleKind", rule.kind) << ";\n"
      << "    r.severity = " << enumerator("Severity", rule.severity) << ";\n"
      << "    r.tags = " << cpp_lines(rule.tags) << ";\n"
      << "    r.reference = " << cpp_string(rule.reference) << ";\n"
      << "    r.enabled_by_default = " << (rule.enabled_by_default ? "true" : "false") << ";\n"
      << "    r.patterns = " << cpp_lines(rule.patterns) << ";\n"
      << "    r.prefix = " << cpp_string(rule.prefix) << ";\n"
      << "    r.min = " << rule.min << "; r.max = " << rule.max << ";\n"
      << "    r.boundary = " << enumerator("Boundary", rule.boundary) << ";\n"
      << "    r.keys = " << cpp_lines(rule.keys) << ";\n"
      << "    r.names = " << cpp_lines(rule.names) << ";\n"
      << "    r.ordinary_names = " << cpp_lines(rule.ordinary_names) << ";\n"
      << "    r.form = " << enumerator("ValueForm", rule.form) << ";\n"
      << "    r.strength = " << enumerator("Strength", rule.strength) << ";\n"
      << "    r.required_text = " << cpp_string(rule.required_text) << ";\n"
      << "    r.begin = " << cpp_string(rule.begin) << "; r.end = " << cpp_string(rule.end) << ";\n"
      << "    r.body = " << enumerator("BlockBody", rule.body) << ";\n"
      << "    r.max_lines = " << rule.max_lines << "; r.max_bytes = " << rule.max_bytes << ";\n";
  for (const Example& example : rule.examples)
    out << "    r.examples.push_back({" << cpp_string(example.source) << "});\n";
  if (rule.extend) {
    std::string members;
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (rule.extend->has(static_cast<char>(byte))) members += static_cast<char>(byte);
    }
    out << "    r.extend = byte_class(" << cpp_string(members) << ");\n";
  }
  if (rule.stands != ValueStands::anywhere)
    out << "    r.stands = " << enumerator("ValueStands", rule.stands) << ";\n";
  if (rule.in_sentences)
    out << "    r.in_sentences = " << enumerator("Strength", *rule.in_sentences) << ";\n";
  for (const Validator& validator : rule.validators) {
    out << "    r.validators.push_back({" << enumerator("Validator::Kind", validator.kind) << ", "
        << validator.threshold << "});\n";
  }
  for (const Allowance& allow : rule.allow) {
    out << "    r.allow.push_back({" << cpp_lines(allow.secret) << ", {}, "
        << cpp_lines(allow.record) << ", {}, false});\n";
  }
  if (rule.mask) {
    out << "    r.mask = MaskSpec{" << enumerator("MaskStyle", rule.mask->style) << ", "
        << cpp_string(rule.mask->text) << ", " << rule.mask->keep << "};\n";
  }
  out << "    rules.push_back(std::move(r));\n}\n";
}

void write_bytes(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The text of a file inside the assembly source, between two symbols.
void write_symbol(std::ostream& assembly, const std::string& name, const fs::path& file) {
  assembly << "  .global redactd_" << name << "\n  .balign 64\nredactd_" << name
           << ":\n  .incbin \"" << file.string() << "\"\n  .global redactd_" << name
           << "_end\nredactd_" << name << "_end:\n  .byte 0\n";
}

int run(const fs::path& output, const fs::path& source_folder, std::vector<std::string> packs) {
  Diagnostics diagnostics;
  auto mark = std::find(packs.begin(), packs.end(), "--optional");
  std::vector<std::string> optional(mark == packs.end() ? mark : mark + 1, packs.end());
  packs.erase(mark, packs.end());
  size_t standard = load_rules(packs, diagnostics).size();
  packs.insert(packs.end(), optional.begin(), optional.end());
  std::vector<LoadedRule> loaded = load_rules(packs, diagnostics);
  check_builtin_examples(loaded, diagnostics);
  check_rules(loaded, diagnostics);
  if (!diagnostics.empty()) {
    std::cerr << diagnostics.text();
    return 2;
  }
  RuleGroup group;
  for (size_t i = 0; i < standard; ++i) group.rules.push_back(loaded[i].rule);
  std::vector<RuleError> errors;
  std::shared_ptr<const RuleSet> set = RuleSet::compile({group}, {}, errors);

  std::ofstream assembly(output / "builtin_pack.S");
  // One object without its mark takes the mark of CET from the whole program.
  assembly << "#ifdef __CET__\n#include <cet.h>\n#endif\n  .section .rodata\n";
  std::ofstream out(output / "builtin_pack.cc");
  out << "// Written by compile_builtin_pack from filters/rules/.\n#include "
         "\"config/rules/builtin_pack.h\"\n\n";
  std::ostringstream databases;
  for (MatchTarget target : {MatchTarget::avx512, MatchTarget::avx2, MatchTarget::generic}) {
    std::string name = "database_" + std::to_string(static_cast<int>(target));
    write_bytes(output / (name + ".hsdb"),
                MatchDatabase::compile_for(set->expressions(), target).serialise());
    write_symbol(assembly, name, output / (name + ".hsdb"));
    out << "extern \"C\" const char redactd_" << name << "[];\nextern \"C\" const char redactd_"
        << name << "_end[];\n";
    databases << "  all.push_back({" << RuleSet::fingerprint(set->expressions()) << "u, "
              << enumerator("MatchTarget", target) << ", {redactd_" << name
              << ", static_cast<size_t>(redactd_" << name << "_end - redactd_" << name
              << ")}, widths});\n";
  }
  std::ostringstream files;
  for (size_t i = 0; i < packs.size(); ++i) {
    std::string name = "file_" + std::to_string(i);
    write_symbol(assembly, name, fs::absolute(packs[i]));
    out << "extern \"C\" const char redactd_" << name << "[];\nextern \"C\" const char redactd_"
        << name << "_end[];\n";
    files << "  all.push_back({"
          << cpp_string(fs::relative(packs[i], source_folder).generic_string()) << ", {redactd_"
          << name << ", static_cast<size_t>(redactd_" << name << "_end - redactd_" << name
          << ")}});\n";
  }
  assembly << "  .section .note.GNU-stack,\"\",%progbits\n";
  out << kHelpers;
  for (size_t i = 0; i < loaded.size(); ++i) write_rule(out, loaded[i].rule, i);
  out << "\n}  // namespace\n\nstd::vector<Rule> builtin_rules() {\n  std::vector<Rule> rules;\n";
  for (size_t i = 0; i < standard; ++i) out << "  add_" << i << "(rules);\n";
  out << "  return rules;\n}\n\nstd::vector<Rule> optional_rules() {\n  std::vector<Rule> rules;\n";
  for (size_t i = standard; i < loaded.size(); ++i) out << "  add_" << i << "(rules);\n";
  out << "  return rules;\n}\n\nstd::vector<EmbeddedDatabase> builtin_databases() {\n  const "
         "std::vector<size_t> widths = {";
  for (const Anchor& anchor : set->anchors()) out << anchor.width << ',';
  out << "};\n  std::vector<EmbeddedDatabase> all;\n"
      << databases.str() << "  return all;\n}\n\n"
      << "std::vector<PackFile> builtin_files() {\n  std::vector<PackFile> all;\n"
      << files.str() << "  return all;\n}\n\n}  // namespace redactd\n";
  return 0;
}

}  // namespace
}  // namespace redactd

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: compile_builtin_pack OUTPUT_FOLDER SOURCE_FOLDER PACK.yaml...\n";
    return 2;
  }
  try {
    return redactd::run(argv[1], argv[2], {argv + 3, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "compile_builtin_pack: " << error.what() << '\n';
    return 3;
  }
}
