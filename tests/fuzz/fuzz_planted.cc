// L1 without an oracle: a token and a known value planted anywhere in any text, in clear and in
// every spelling that docs/rules.md names, never show.
//
// What to plant is at the end of the input, so that seeds read as text: the last byte says which
// spelling and whether the text around is spelled like it, the byte before it what stands next to
// it, the two bytes before those where.

#include "tests/fuzz/engine.h"
#include "tests/testing/encode.h"

namespace redactd::fuzz {
namespace {

/// Not in one piece, so that nobody takes it for a secret.
std::string token() {
  static constexpr std::string_view kLetters = "Ab1Cd2Ef3Gh4Jk5Lm6Np7Qr8St9Uv0WxYzVwTu";
  return std::string("gh") + "p_" + std::string(kLetters.substr(0, 36));
}

std::string spelled(std::string_view bytes, unsigned form) {
  switch (form % 8) {
    case 0:
      return std::string(bytes);
    case 1:
      return test::base64(bytes);
    case 2:
      return test::base64(bytes, true);
    case 3:
      return test::hex(bytes);
    case 4:
      return test::hex(bytes, true);
    case 5:
      return test::escaped(bytes, "%");
    case 6:
      return test::escaped(bytes, "\\u00");
    default:
      return test::escaped(bytes, "\\x");
  }
}

bool is_base64(unsigned form) { return form % 8 == 1 || form % 8 == 2; }

/// `shown` has a part of the secret's spelling, at any alignment, that tells eight bytes of it.
bool tells(std::string_view shown, std::string_view secret, unsigned form) {
  constexpr size_t kPart = 8;
  for (size_t at = 0; at + kPart <= secret.size(); ++at) {
    std::string part = spelled(secret.substr(at, kPart), form);
    if (is_base64(form)) part.resize(10);  // the last digit holds bits of what follows
    if (shown.find(part) != shown.npos) return true;
  }
  return false;
}

/// Then it tells as much without the secret.
bool has_a_part(std::string_view text, std::string_view secret) {
  constexpr size_t kPart = 4;
  for (size_t at = 0; at + kPart <= secret.size(); ++at)
    if (text.find(secret.substr(at, kPart)) != text.npos) return true;
  return false;
}

struct Plan {
  std::string_view before;  // in the text
  std::string_view after;
  unsigned form;
  bool all;  // the text is spelled like the secret
};

void require_masked(const Plan& plan, std::string_view secret, std::string_view beside) {
  auto as_told = [&](std::string_view part) {
    return plan.all ? std::string(part) : spelled(part, plan.form);
  };
  std::string planted(plan.before);
  planted += beside;
  planted += as_told(secret);
  planted += beside;
  planted += plan.after;
  if (plan.all) planted = spelled(planted, plan.form);
  const std::string out = redact(planted, {}, {});
  if (!tells(out, secret, plan.form)) return;
  std::fprintf(stderr, "of: %s\nleft: %s\n", planted.c_str(), out.c_str());
  require(false, "L1: a planted secret shows");
}

}  // namespace
}  // namespace redactd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd::fuzz;
  static constexpr std::string_view kAround[] = {" ", "\"", "'", ",", "\n", "(", ";", "\t"};
  if (size < 4) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size - 4);
  const size_t place = (data[size - 4] * 256u + data[size - 3]) % (text.size() + 1);
  Plan plan{text.substr(0, place), text.substr(place), data[size - 1] % 8u,
            data[size - 1] / 8 % 2 == 1};
  static const std::string kToken = token();
  static constexpr std::string_view kKnown = "a-known-value";
  if (has_a_part(text, kToken) || has_a_part(text, kKnown)) return 0;
  if (!tells(text, kToken, plan.form))
    require_masked(plan, kToken, kAround[data[size - 2] % std::size(kAround)]);
  // A known value needs no boundary; no encoder puts all of it into escapes of a string.
  plan.form %= 6;
  if (!tells(text, kKnown, plan.form)) require_masked(plan, kKnown, "");
  return 0;
}
