#pragma once

// Values that are said of a secret: messages, remarks, codes of errors. None of them is empty.

#include <string_view>

namespace redactd {

/// (sensitive value), (known after apply), (not set), [not set], [None, "x"], of which a blank
/// leaves the first word.
bool is_remark(std::string_view value);

/// invalid_grant, wrong-password: a code of words. Longer ones may be a passphrase.
bool is_word_code(std::string_view value);

/// invalid_grant, token_not_valid: a code of an error, in quotes.
bool is_error_code(std::string_view value);

/// What validation says about a field: "must be at least 8 characters", "is required".
bool is_message(std::string_view value);

/// The same where the program speaks another language, or says less plainly what it wants: "Dieses
/// Feld ist erforderlich.", "This value should not be blank.", "密码不能为空". Digits stand alone.
bool is_message_elsewhere(std::string_view value);

/// Words with blanks between them and no digit: a message, not a token.
bool is_prose(std::string_view value);

}  // namespace redactd
