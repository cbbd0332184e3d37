// CHECK(condition): always on, for our own mistakes only; prints where and ends the process.
//
// Input from outside never reaches a CHECK: parsers return Result (STYLE: errors).
#pragma once

namespace leumund::base {

// Prints "file:line: CHECK failed: what" to standard error and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* what);

}  // namespace leumund::base

#define CHECK(condition)              \
  ((condition) ? static_cast<void>(0) \
               : ::leumund::base::check_failed(__FILE__, __LINE__, #condition))
