#include "base/result.h"

namespace leumund::base {

const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::timed_out: return "timed_out";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::refused: return "refused";
    case ErrorCode::exhausted: return "exhausted";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

}  // namespace leumund::base
