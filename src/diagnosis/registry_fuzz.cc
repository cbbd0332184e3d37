// A pattern file of any bytes is taken whole or refused with a sentence that names it; what is
// taken can be checked and reads any text.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "diagnosis/reader.h"
#include "diagnosis/registry_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::diagnosis;
  const RegistrySource source{.name = "own.toml",
                              .text = {reinterpret_cast<const char*>(data), size}};
  auto registry = read_registry({&source, 1});
  if (!registry) {
    CHECK(registry.error().message.find("own.toml") != std::string::npos ||
          registry.error().message.starts_with("registry: "));
    return 0;
  }
  const auto reader = Reader::compile(std::move(*registry));
  if (!reader) {
    CHECK(!reader.error().message.empty());
    return 0;
  }
  (void)check_registry(**reader, source.name);
  Reader::Session session(**reader);
  const Diagnosis found = (*reader)->diagnose({.text = source.text}, session);
  CHECK(found.confidence >= 0 && found.confidence <= 1);
  return 0;
}
