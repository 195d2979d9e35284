// The span resolvers on any text with anchors anywhere, also where no matcher would report one.
//
// The last byte counts the anchors, the four bytes of each stand before it: two for its end, two
// for its number.

#include "tests/fuzz/engine.h"

#include "filters/resolver.h"
#include "filters/rewriter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  auto last = static_cast<unsigned char>(bytes.back());
  size_t count = std::min<size_t>(last % 32, (bytes.size() - 1) / 4);
  std::string_view list = bytes.substr(bytes.size() - 1 - 4 * count, 4 * count);
  std::string text(bytes.substr(0, bytes.size() - 1 - 4 * count));
  text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
  const RuleSet& rules = *fuzz::rules();
  auto number = [&](size_t at) {
    return static_cast<unsigned char>(list[at]) * 256u + static_cast<unsigned char>(list[at + 1]);
  };
  std::vector<RecordMatch> matches;
  for (size_t i = 0; i < list.size(); i += 4) {
    matches.push_back({number(i) % (text.size() + 1),
                       static_cast<uint32_t>(number(i + 2) % rules.anchor_count())});
  }
  std::sort(matches.begin(), matches.end());

  Resolver resolver(rules);
  OpenBlock block;
  block.active = last % 3 == 0;
  for (uint32_t rule = 0; block.active && rule < rules.rules().size(); ++rule) {
    if (rules.rules()[rule].kind == RuleKind::block) block.rule = rule;
  }
  RecordView view{text, last % 2 == 0, last % 5 != 0};
  std::vector<Span> spans = resolver.resolve(view, matches, block);
  auto check = [&] {
    size_t before = 0;
    for (const Span& span : spans) {
      fuzz::require(span.begin >= before && span.begin < span.end && span.end <= text.size(),
                    "spans are not sorted, disjoint and inside");
      before = span.end;
    }
  };
  check();
  std::vector<MaskForm> forms;
  fit_masks(view, spans, forms);
  check();
  std::string out;
  std::vector<Replaced> replaced;
  append_masked(text, 0, text.size(), spans, forms, rules.masker(), out, replaced);
  return 0;
}
