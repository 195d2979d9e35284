#include "daemon/pipeline/part_redactor.h"

namespace redactd {

/// Its stream begins with an empty record, for no part is the first of its stream.
PartRedactor::PartRedactor(const Redactor& of)
    : scratch(of.scratch()), redactor(of.another(scratch)) {
  redactor.prepare(1)[0] = '\n';
  redactor.commit(1);
  redactor.take_state();
}

}  // namespace redactd
