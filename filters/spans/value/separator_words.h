#pragma once

// Words of a sentence that stand between a key and its value: `password is now set to …`.

#include "filters/spans/value/separator.h"

namespace redactd {

/// Behind a name without quotes and a blank: `is …`, `for user bob: …`, `changed from …`.
Separator behind_words(const BehindKey& key);

/// Behind a name in quotes and a blank, where words prove less: only `to …`, `with value …` and
/// the like, of something that is set.
Separator set_behind_quotes(const BehindKey& key);

/// `Using --password via the CLI is insecure`, `use --token or --token-file`: a sentence about an
/// option, not what it is given.
bool prose_follows(std::string_view rest);

}  // namespace redactd
