// The schemas of decisions and mail events for openapi.json, read off what the code that writes
// them makes of samples: a field of the code is a field of the schema.
//
// Threads: pure.
#pragma once

#include <string>

namespace leumund::face {

// {"decision":{...},"mail_event":{"oneOf":[...]},"submission":{...},...}
[[nodiscard]] std::string event_schemas_json();

}  // namespace leumund::face
