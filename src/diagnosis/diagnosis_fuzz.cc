// Any bytes give the same diagnosis twice, and nothing in it grows beyond its bounds.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/check.h"
#include "diagnosis/explain.h"
#include "diagnosis/reader.h"

namespace {

using namespace leumund::diagnosis;

struct Parts {
  std::unique_ptr<Reader> reader;
  std::unique_ptr<Explainer> explainer;

  Parts() {
    auto made = Reader::shipped();
    CHECK(made.ok());
    reader = std::move(*made);
    auto explained = Explainer::open(reader->registry(), Language::german);
    CHECK(explained.ok());
    explainer = std::move(*explained);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Parts parts;
  static Reader::Session session(*parts.reader);
  // The last byte chooses the stage, so that every one of them is reached.
  const auto stage = static_cast<Stage>(size > 0 ? data[size - 1] % 7 : 0);
  const Reply reply{.text = {reinterpret_cast<const char*>(data), size}, .stage = stage};
  const Diagnosis first = parts.reader->diagnose(reply, session);
  Reader::Session fresh(*parts.reader);
  CHECK(first == parts.reader->diagnose(reply, session));
  CHECK(first == parts.reader->diagnose(reply, fresh));
  CHECK(first.confidence >= 0 && first.confidence <= 1);
  CHECK(first.hops.size() <= 8 && first.lists.size() <= 9);
  CHECK(first.evidence.size() <= 4 * 1024 && first.code < 600);
  CHECK(first.zone.size() <= size && first.remote.size() <= size && first.pool.size() <= size);
  CHECK(parts.explainer->explain(first).size() < 16 * 1024);
  return 0;
}
