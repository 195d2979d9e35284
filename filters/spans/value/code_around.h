#pragma once

// Code that a value [begin, end) of the text stands in, and that shows it to be none. code_shape.h:
// values that are code themselves. No value is empty.

#include <cstddef>
#include <string_view>

namespace redactd {

/// `login(password=password)`, `self.password = password`, `{ new_password: newPassword }`: the key
/// again, which ends at `key_end`. Elsewhere it is a weak password.
bool is_own_name(std::string_view text, size_t begin, size_t end, size_t key_end);

/// `token = serializer.loads(value, max_age=3600)`, `token = jwt.sign({ id: user.id }, secret)`:
/// code, of which the value is what stands before a blank.
bool is_call_in_code(std::string_view text, size_t begin, size_t end);

/// `click.prompt("Password", hide_input=True)`: an argument that has a name.
bool is_switch(std::string_view text, size_t begin, size_t end);

/// `password: Option<String>`, `private_key: Ed25519PrivateKey)`: the type of an argument.
bool is_type_in_code(std::string_view text, size_t begin, size_t end);

/// PASSWORD=`kubectl get secret db`: a command of the shell, for what it prints.
bool is_command(std::string_view text, size_t begin, size_t end);

/// `COMMENT ON COLUMN users.password IS 'bcrypt hash'`
bool is_comment_on_column(std::string_view text, size_t begin, size_t key_end);

}  // namespace redactd
