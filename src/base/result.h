// A value or an Error, which cannot be dropped by accident.
//
// Errors: an Error is a small code and one sentence that names the input and the limit it broke.
//         A caller that branches on the reason gets an enum of its own from the interface instead.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/check.h"

namespace leumund::base {

enum class ErrorCode {
  malformed,    // the input is not what its format says
  too_large,    // the input is over a stated limit
  timed_out,    // no answer within the stated time
  unavailable,  // a file, socket or store is not there now
  refused,      // not allowed
  exhausted,    // a table, queue or disk is full
  internal,     // our own mistake
};

[[nodiscard]] const char* error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // one sentence without a full stop, fit for a log line
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}                       // NOLINT: meant to convert
  Result(Error error) : state_(std::unexpected(std::move(error))) {}  // NOLINT: meant to convert

  [[nodiscard]] bool ok() const { return state_.has_value(); }
  explicit operator bool() const { return ok(); }

  // The value; calling this on an error is our mistake.
  [[nodiscard]] T& value() & { return checked(), *state_; }
  [[nodiscard]] const T& value() const& { return checked(), *state_; }
  [[nodiscard]] T&& value() && { return checked(), *std::move(state_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // The error; calling this on a value is our mistake.
  [[nodiscard]] const Error& error() const {
    CHECK(!ok());
    return state_.error();
  }

 private:
  void checked() const { CHECK(ok()); }
  std::expected<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : state_(std::unexpected(std::move(error))) {}  // NOLINT: meant to convert

  [[nodiscard]] bool ok() const { return state_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const {
    CHECK(!ok());
    return state_.error();
  }

 private:
  std::expected<void, Error> state_;
};

using Status = Result<void>;

}  // namespace leumund::base
