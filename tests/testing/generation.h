#pragma once

#include <memory>
#include <utility>

#include "daemon/metrics/metrics.h"
#include "daemon/pipeline/generation.h"
#include "tests/testing/redact.h"

namespace redactd::test {

/// Of the one source "in": its records go to `sink`.
inline std::shared_ptr<const Generation> generation_to(std::shared_ptr<Sink> sink, Rules rules,
                                                       Metrics& metrics) {
  auto made = std::make_shared<Generation>();
  made->routes.resize(1);
  made->routes[0].add(std::move(sink));
  made->redactions.resize(1);
  for (const Rule& rule : rules->rules())
    made->redactions[0].push_back(&metrics.redactions(rule.id, 0));
  made->rules = std::move(rules);
  return made;
}

}  // namespace redactd::test
