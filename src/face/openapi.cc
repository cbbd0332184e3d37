#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "face/api_routes.h"
#include "face/event_schema.h"

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;

Json schema_of(const RouteField& field) {
  Json schema;
  if (field.type == "time") {
    schema["oneOf"] =
        Json::array({{{"type", "string"}, {"format", "date-time"}}, {{"type", "number"}}});
  } else if (field.type == "span") {
    schema = {{"type", "string"}, {"pattern", "^([0-9]+[smhdw]?)+$"}};
  } else if (field.type == "object") {
    schema = {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
  } else {
    schema["type"] = field.type;
  }
  return schema;
}

Json ref(const char* schema) { return {{"$ref", std::string("#/components/schemas/") + schema}}; }

// What comes back, where it is described; an empty object elsewhere.
Json answer_of(const Route& route) {
  Json out = Json::object();
  if (route.method != "GET") return out;
  if (route.path == "/v1/events") {
    const Json list = {{"type", "array"}, {"items", ref("decision")}};
    out["schema"] = {
        {"type", "object"}, {"properties", {{"decisions", list}}}, {"required", {"decisions"}}};
  }
  if (route.path == "/v1/stream") {
    out["schema"] = {{"type", "string"},
                     {"description",
                      "Blocks of `event: NAME`, `id: SEQUENCE` and `data: JSON`; the JSON of each "
                      "name is in x-events."}};
    const Json missed = {{"type", "object"},
                         {"properties", {{"missed", {{"type", "integer"}}}}},
                         {"required", {"missed"}}};
    out["schema"]["x-events"] = {
        {"decision", ref("decision")}, {"event", ref("mail_event")}, {"missed", missed}};
  }
  return out;
}

Json operation_of(const Route& route) {
  std::string name(route.path.substr(route.path.rfind('/') + 1));
  name = name.substr(0, name.find('.'));
  std::string method(route.method);
  std::transform(method.begin(), method.end(), method.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  Json operation = {{"operationId", method + "_" + name}, {"summary", route.sentence}};
  if (route.method == "GET") {
    Json parameters = Json::array();
    for (const RouteField& field : route.fields) {
      parameters.push_back({{"name", field.name},
                            {"in", "query"},
                            {"required", field.required},
                            {"description", field.sentence},
                            {"schema", schema_of(field)}});
    }
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  } else if (route.path == "/v1/events") {
    operation["requestBody"]["description"] =
        "One such object a line. Times may be RFC 3339 as well; a submission may have its text as "
        "body, of which fingerprints alone are kept.";
    operation["requestBody"]["content"]["application/x-ndjson"]["schema"] = ref("mail_event");
  } else {
    Json properties = Json::object();
    Json required = Json::array();
    for (const RouteField& field : route.fields) {
      Json schema = schema_of(field);
      schema["description"] = field.sentence;
      properties[std::string(field.name)] = std::move(schema);
      if (field.required) required.push_back(field.name);
    }
    Json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
    if (!required.empty()) schema["required"] = std::move(required);
    operation["requestBody"]["content"]["application/json"]["schema"] = std::move(schema);
  }
  const char* type = route.path == "/v1/stream" ? "text/event-stream" : "application/json";
  operation["responses"]["200"] = {{"description", "done"},
                                   {"content", {{type, answer_of(route)}}}};
  operation["responses"]["default"] = {{"$ref", "#/components/responses/error"}};
  if (route.guarded) operation["security"] = Json::array({{{"token", Json::array()}}});
  return operation;
}

}  // namespace

std::string openapi_json() {
  Json paths = Json::object();
  for (const Route& route : routes()) {
    std::string method = route.method == "GET" ? "get" : "post";
    paths[std::string(route.path)][method] = operation_of(route);
  }
  Json error = {
      {"type", "object"},
      {"properties",
       {{"error",
         {{"type", "object"},
          {"properties", {{"code", {{"type", "string"}}}, {"message", {{"type", "string"}}}}},
          {"required", {"code", "message"}}}}}}};
  const Json document = {
      {"openapi", "3.0.3"},
      {"info",
       {{"title", "Leumund"},
        {"version", "1"},
        {"description",
         "The verbs of the command leumund over HTTP. The Unix socket serves all; TCP serves what "
         "reads "
         "and POST /v1/events, and everything with a bearer token. Beside it: /healthz and "
         "/metrics."}}},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", Json::parse(event_schemas_json())},
        {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
        {"responses",
         {{"error",
           {{"description", "what went wrong"},
            {"content", {{"application/json", {{"schema", std::move(error)}}}}}}}}}}}};
  return document.dump(2) + "\n";
}

}  // namespace leumund::face
