#include "config/rules/mask_reader.h"

#include <string>

#include "filters/mask.h"

namespace redactd {

const std::vector<std::string_view> kMaskKeys = {"style", "text", "keep"};
const std::vector<std::string_view> kMaskStyles = {"label", "fixed", "partial", "fingerprint",
                                                   "length"};

std::optional<MaskSpec> parse_mask(const YamlReader& reader) {
  if (!reader.expect_map(kMaskKeys)) return std::nullopt;
  MaskSpec spec;
  std::optional<size_t> style = reader["style"].one_of(kMaskStyles);
  if (style) {
    spec.style = static_cast<MaskStyle>(*style);
  } else if (!reader.has("style")) {
    reader.fail_missing("style", "one of label, fixed, partial, fingerprint, length");
  }
  if (std::optional<std::string> text = reader["text"].text()) {
    spec.text = *text;
    if (std::string why = refuse_mask_text(*text); !why.empty()) reader["text"].fail(why);
    if (style && spec.style != MaskStyle::fixed)
      reader["text"].fail("belongs to the style fixed only");
  }
  if (std::optional<size_t> keep = reader["keep"].count()) {
    spec.keep = *keep;
    if (*keep == 0 || *keep > kMostMaskKeep)
      reader["keep"].fail("must be 1 to 16 (bytes shown at each end)");
    if (style && spec.style != MaskStyle::partial)
      reader["keep"].fail("belongs to the style partial only");
  }
  return spec;
}

}  // namespace redactd
