#pragma once

#include <string>

namespace redactd::test {

/// In PEM form.
struct Certificate {
  std::string certificate;
  std::string key;
};

/// Signed by itself, valid from so many days from now to so many.
Certificate make_certificate(int from_days = -1, int to_days = 30);

/// Of a certificate's own authority: revokes nothing. The next one is due in so many days.
std::string make_crl(const Certificate& authority, int next_days = 30);

}  // namespace redactd::test
