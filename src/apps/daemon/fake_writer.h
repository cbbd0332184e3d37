// What:    writer of decisions for tests that have no keeper: everything is written at once, in
//          memory, and can be looked at.
// Threads: any.
#pragma once

#include <future>
#include <iterator>
#include <utility>
#include <vector>

#include "apps/daemon/pipeline.h"
#include "base/guarded.h"
#include "model/decision.h"

namespace leumund::apps {

class FakeWriter final : public DecisionWriter {
 public:
  base::Guarded<std::vector<model::Decision>> decisions;

  std::future<bool> write(std::vector<model::Decision> made) override {
    decisions.with([&](auto& all) {
      all.insert(all.end(), std::move_iterator(made.begin()), std::move_iterator(made.end()));
    });
    std::promise<bool> done;
    done.set_value(true);
    return done.get_future();
  }
};

}  // namespace leumund::apps
