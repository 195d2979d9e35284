#include "tests/testing/config.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <fstream>

#include "tests/testing/pem.h"

namespace redactd::test {
namespace {

constexpr const char* kFile = "/etc/redactd/redactd.yaml";

std::optional<std::string> file_contents(const std::string& path, std::string&) {
  static const Certificate certificate = make_certificate();
  static const std::string crl = make_crl(certificate);
  if (path.ends_with(".key")) return certificate.key;
  if (path.ends_with(".crl")) return crl;
  if (path.ends_with("token")) return std::string(32, 't') + '\n';
  return certificate.certificate;
}

std::optional<std::string> variable(const std::string& name) {
  if (name == "TOKEN") return std::string(32, 't');
  return std::nullopt;
}

}  // namespace

const Surroundings& machine_with_certificates() {
  static const Surroundings machine{variable, file_contents};
  return machine;
}

std::string daemon_yaml(const std::string& more) {
  return "sources: [{name: in, type: syslog, listen: 'tcp://127.0.0.1:5514'}]\n"
         "sinks: [{name: out, type: stdout}]\n" +
         more;
}

std::string reference_in_force() {
  static const RE2 kCommentedOut(R"(^( *)#( *(?:- )?(?:[a-z_]+:( |$)|/)))");
  std::ifstream file(std::string(REDACTD_SOURCE_DIR) + "/config/redactd.yaml");
  std::string text;
  for (std::string line; std::getline(file, line);) {
    RE2::Replace(&line, kCommentedOut, R"(\1\2)");
    text += line + '\n';
  }
  return text;
}

DaemonConfig parse_config(const std::string& yaml, Diagnostics& diagnostics) {
  return parse_daemon_config(yaml, kFile, machine_with_certificates(), diagnostics);
}

DaemonConfig good_config(const std::string& yaml) {
  Diagnostics diagnostics;
  DaemonConfig config = parse_config(yaml, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << yaml << '\n' << diagnostics.text();
  return config;
}

std::string errors_of_config(const std::string& yaml) {
  Diagnostics diagnostics;
  parse_config(yaml, diagnostics);
  std::string text = diagnostics.text();
  std::string file = std::string(kFile) + ":";
  for (size_t at = text.find(file); at != std::string::npos; at = text.find(file))
    text.erase(at, file.size());
  return text;
}

}  // namespace redactd::test
