// Which parts of a report hold what: the words for people, the status, the returned message.
#pragma once

#include <cstddef>
#include <vector>

#include "wire/mime.h"

namespace leumund::wire {

// Places in MimeTree::parts; no_part where there is none. Parts of a returned message are not the
// report's own.
struct ReportParts {
  std::vector<std::size_t> texts;
  std::vector<std::size_t> html;
  std::vector<std::size_t> status;  // some systems write one a recipient
  std::size_t message = no_part;    // the returned message or its headers
  std::size_t disposition = no_part;

  void gather(const MimeTree& tree);
};

}  // namespace leumund::wire
