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

/// Declares the symbols of write_symbol() in the source.
void declare_symbol(std::ostream& out, const std::string& name) {
  out << "extern \"C\" const char redactd_" << name << "[];\nextern \"C\" const char redactd_"
      << name << "_end[];\n";
}

/// The bytes between them, as the source spells a view.
std::string view_of_symbol(const std::string& name) {
  return "{redactd_" + name + ", static_cast<size_t>(redactd_" + name + "_end - redactd_" + name +
         ")}";
}

struct Packs {
  std::vector<std::string> files;
  std::vector<LoadedRule> rules;
  size_t standard = 0;  // so many rules of the first files; the rest are optional
};

/// `paths`: of the packs, the optional ones behind `--optional`. Errors go to `diagnostics`.
Packs load_packs(std::vector<std::string> paths, Diagnostics& diagnostics) {
  Packs packs;
  auto mark = std::find(paths.begin(), paths.end(), "--optional");
  std::vector<std::string> optional(mark == paths.end() ? mark : mark + 1, paths.end());
  paths.erase(mark, paths.end());
  packs.standard = load_rules(paths, diagnostics).size();
  packs.files = std::move(paths);
  packs.files.insert(packs.files.end(), optional.begin(), optional.end());
  packs.rules = load_rules(packs.files, diagnostics);
  check_builtin_examples(packs.rules, diagnostics);
  check_rules(packs.rules, diagnostics);
  return packs;
}

std::shared_ptr<const RuleSet> compile_standard(const Packs& packs) {
  RuleGroup group;
  for (size_t i = 0; i < packs.standard; ++i) group.rules.push_back(packs.rules[i].rule);
  std::vector<RuleError> errors;
  return RuleSet::compile({group}, {}, errors);
}

/// Where the written parts go: C++ and assembly, in one folder.
struct Output {
  explicit Output(const fs::path& to)
      : folder(to), assembly(to / "builtin_pack.S"), source(to / "builtin_pack.cc") {}
  fs::path folder;
  std::ofstream assembly;
  std::ofstream source;
};

/// Returns the statements that list them.
std::string write_databases(const RuleSet& set, Output& output) {
  std::ostringstream list;
  for (MatchTarget target : {MatchTarget::avx512, MatchTarget::avx2, MatchTarget::generic}) {
    std::string name = "database_" + std::to_string(static_cast<int>(target));
    const fs::path file = output.folder / (name + ".hsdb");
    write_bytes(file, MatchDatabase::compile_for(set.expressions(), target).serialise());
    write_symbol(output.assembly, name, file);
    declare_symbol(output.source, name);
    list << "  all.push_back({" << RuleSet::fingerprint(set.expressions()) << "u, "
         << enumerator("MatchTarget", target) << ", " << view_of_symbol(name) << ", widths});\n";
  }
  return list.str();
}

/// The packs' texts. Returns the statements that list them.
std::string write_files(const std::vector<std::string>& files, const fs::path& source_folder,
                        Output& output) {
  std::ostringstream list;
  for (size_t i = 0; i < files.size(); ++i) {
    std::string name = "file_" + std::to_string(i);
    write_symbol(output.assembly, name, fs::absolute(files[i]));
    declare_symbol(output.source, name);
    list << "  all.push_back({"
         << cpp_string(fs::relative(files[i], source_folder).generic_string()) << ", "
         << view_of_symbol(name) << "});\n";
  }
  return list.str();
}

void write_list(std::ostream& out, const char* function, size_t first, size_t last) {
  out << "std::vector<Rule> " << function << "() {\n  std::vector<Rule> rules;\n";
  for (size_t i = first; i < last; ++i) out << "  add_" << i << "(rules);\n";
  out << "  return rules;\n}\n\n";
}

int run(const fs::path& folder, const fs::path& source_folder, std::vector<std::string> paths) {
  Diagnostics diagnostics;
  const Packs packs = load_packs(std::move(paths), diagnostics);
  if (!diagnostics.empty()) {
    std::cerr << diagnostics.text();
    return 2;
  }
  const std::shared_ptr<const RuleSet> set = compile_standard(packs);
  Output output(folder);
  // One object without its mark takes the mark of CET from the whole program.
  output.assembly << "#ifdef __CET__\n#include <cet.h>\n#endif\n  .section .rodata\n";
  std::ostream& out = output.source;
  out << "// Written by compile_builtin_pack from filters/rules/.\n#include "
         "\"config/rules/builtin_pack.h\"\n\n";
  const std::string databases = write_databases(*set, output);
  const std::string files = write_files(packs.files, source_folder, output);
  output.assembly << "  .section .note.GNU-stack,\"\",%progbits\n";
  out << kHelpers;
  for (size_t i = 0; i < packs.rules.size(); ++i) write_rule(out, packs.rules[i].rule, i);
  out << "\n}  // namespace\n\n";
  write_list(out, "builtin_rules", 0, packs.standard);
  write_list(out, "optional_rules", packs.standard, packs.rules.size());
  out << "std::vector<EmbeddedDatabase> builtin_databases() {\n  const "
         "std::vector<size_t> widths = {";
  for (const Anchor& anchor : set->anchors()) out << anchor.width << ',';
  out << "};\n  std::vector<EmbeddedDatabase> all;\n"
      << databases << "  return all;\n}\n\n"
      << "std::vector<PackFile> builtin_files() {\n  std::vector<PackFile> all;\n"
      << files << "  return all;\n}\n\n}  // namespace redactd\n";
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
