// Names in JSON, which has only text: a login name may hold any bytes, and what is not UTF-8 would
// come back as another name. Such a one stands as "bytes:" and its bytes in hexadecimal digits.
//
// Errors:  digits that are none are a name of their own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/subject.h"

namespace leumund::storage {

[[nodiscard]] std::string stored_name(std::string_view name);
[[nodiscard]] std::string name_of_stored(std::string_view stored);

// "account:NAME" and the like. Nothing: no subject.
[[nodiscard]] inline std::string stored_subject(const model::Subject& subject) {
  return stored_name(subject.to_string());
}
[[nodiscard]] inline std::optional<model::Subject> subject_of_stored(std::string_view stored) {
  return model::Subject::parse(name_of_stored(stored));
}

}  // namespace leumund::storage
