// Any bytes as the kept file: what is taken from them is bounded and comes back the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "action/undelivered_book.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using leumund::action::UndeliveredBook;
  UndeliveredBook book;
  book.from_text({reinterpret_cast<const char*>(data), size});
  CHECK(book.size() <= UndeliveredBook::entries_max);
  const std::string text = book.to_text();
  UndeliveredBook again;
  again.from_text(text);
  CHECK(again.to_text() == text);
  return 0;
}
