#pragma once

#include "daemon/sources/source.h"

namespace redactd {

class StdinSource : public Source {
 public:
  explicit StdinSource(SourceSetup setup) : setup_(std::move(setup)) {}
  void open() override { throw std::runtime_error("is not there yet"); }
  void start() override {}
  void stop() override {}

 private:
  SourceSetup setup_;
};

}  // namespace redactd
