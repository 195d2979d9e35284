#include "filters/rule.h"

namespace redactd {

std::string_view to_string(RuleKind kind) {
  switch (kind) {
    case RuleKind::token:
      return "token";
    case RuleKind::value:
      return "value";
    case RuleKind::userinfo:
      return "userinfo";
    case RuleKind::block:
      return "block";
    case RuleKind::known:
      return "known";
    case RuleKind::regex:
      return "regex";
  }
  return "";
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::low:
      return "low";
    case Severity::medium:
      return "medium";
    case Severity::high:
      return "high";
    case Severity::critical:
      return "critical";
  }
  return "";
}

std::string_view to_string(MaskStyle style) {
  switch (style) {
    case MaskStyle::label:
      return "label";
    case MaskStyle::fixed:
      return "fixed";
    case MaskStyle::partial:
      return "partial";
    case MaskStyle::fingerprint:
      return "fingerprint";
    case MaskStyle::length:
      return "length";
  }
  return "";
}

}  // namespace redactd
