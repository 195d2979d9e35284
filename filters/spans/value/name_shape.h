#pragma once

// Values that are names: words, and what programs make of them. None of
// them is empty.

#include <string_view>

namespace redactd {

/// incorrect, wrong-password: a word as it stands in sentences, not a scrambled one.
bool is_plain_word(std::string_view value);

/// TestExpiry/token_is_expired, orders/by_customer: names of several words, without a digit.
bool is_compound(std::string_view value);

/// ANTHROPIC_API_KEY, DKIM_PRIVATE_KEY: a constant's or a variable's name that says what is in it.
bool is_constant(std::string_view value);

/// orders-by-customer-2026-11-03: words and numbers.
bool is_dashed_name(std::string_view value);

/// com.apple.xpc.activity/4505
bool is_dotted_name(std::string_view value);

/// `expires_in=3600` behind a word that is no key of its own: another pair.
bool is_pair(std::string_view value);

/// ssh-ed25519, ecdsa-sha2-nistp256: an algorithm of SSH's keys.
bool is_key_algorithm(std::string_view value);

/// default/web-tls: an object of Kubernetes by its namespace and name.
bool is_object_name(std::string_view value);

/// default-token-x7k2p: a Secret of a service account, five letters of Kubernetes' own behind it.
bool is_account_secret(std::string_view value);

/// Token::Ident, std::string: a name in its scope.
bool is_scoped_name(std::string_view value);

/// other.password, form.user_token: what is compared with a key of the same kind, in code.
bool is_compared_member(std::string_view value);

/// Token{9f4ef63, android.os.BinderProxy@2bd79ce: how objects print themselves.
bool is_object_reference(std::string_view value);

/// Session{email:bob@example.com: the beginning of an object as Go prints it, whose members tell. A
/// Token{… is what its name says.
bool is_printed_object(std::string_view value);

}  // namespace redactd
