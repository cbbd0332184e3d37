// Any bytes as a name for each kind of list: what is taken is a name that stands for itself.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/list_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using leumund::model::ListKind;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto kind :
       {ListKind::addresses, ListKind::domains, ListKind::sha1, ListKind::sha256}) {
    for (const bool registrable : {false, true}) {
      const auto name = leumund::wire::list_name(kind, text, registrable);
      if (!name) {
        CHECK(!name.error().message.empty());
        continue;
      }
      CHECK(kind != ListKind::addresses && !name->is_root());
      CHECK(name->labels() == 1 || kind == ListKind::domains);
      const auto again = leumund::wire::list_name(kind, name->to_text(), registrable);
      CHECK(again && *again == *name);
    }
  }
  return 0;
}
