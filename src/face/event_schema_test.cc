#include "face/event_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "face/report_json.h"
#include "wire/event_line.h"

namespace leumund::face {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

const Json schemas = Json::parse(event_schemas_json());

// What a value has that its schema does not know, and what it lacks; "" it fits.
std::string misfit(const Json& schema, const Json& value) {
  if (value.is_null()) return schema.value("nullable", false) ? "" : "is null";
  const std::string type = schema.value("type", "");
  if (type == "array") {
    for (const Json& item : value) {
      if (auto wrong = misfit(schema["items"], item); !wrong.empty()) return "[]" + wrong;
    }
    return value.is_array() ? "" : "is no array";
  }
  if (type == "string") {
    const auto words = schema.value("enum", Json::array());
    const bool known = words.empty() || std::find(words.begin(), words.end(), value) != words.end();
    return value.is_string() && known ? "" : "is none of the words: " + value.dump();
  }
  if (type == "integer") return value.is_number_integer() ? "" : "is no whole number";
  if (type == "number") return value.is_number() ? "" : "is no number";
  if (type == "boolean") return value.is_boolean() ? "" : "is no flag";
  if (type != "object") return "has no schema";
  for (const auto& name : schema.value("required", Json::array())) {
    if (!value.contains(name)) return "lacks " + name.get<std::string>();
  }
  if (schema.contains("additionalProperties")) return "";
  for (const auto& [name, inner] : value.items()) {
    if (!schema["properties"].contains(name)) return "has " + name;
    if (auto wrong = misfit(schema["properties"][name], inner); !wrong.empty()) {
      return name + " " + wrong;
    }
  }
  return "";
}

TEST(EventSchema, DescribesADecisionAsItIsWritten) {
  model::Decision decision;
  decision.at = base::from_unix_seconds(60.25);
  decision.restriction.reason = "much";
  decision.terms = {{"volume", 14.1, "much", {}}};
  EXPECT_EQ(misfit(schemas["decision"], Json::parse(decision_json(decision))), "");
  decision.kind = model::DecisionKind::provider_refuses;
  decision.block.emplace();
  decision.recovery = {{"password", "hans"}};
  EXPECT_EQ(misfit(schemas["decision"], Json::parse(decision_json(decision))), "");
  const Json& properties = schemas["decision"]["properties"];
  EXPECT_THAT(properties["decision"]["enum"], Contains("case_due"));
  EXPECT_EQ(properties["decision"]["enum"].size(), 23U);
  EXPECT_EQ(properties["until"]["nullable"], true);
  EXPECT_THAT(schemas["decision"]["required"], Contains("number"));
  EXPECT_THAT(schemas["decision"]["required"], Not(Contains("block")));
}

TEST(EventSchema, DescribesEveryKindOfMailEvent) {
  EXPECT_EQ(schemas["mail_event"]["oneOf"].size(),
            std::variant_size_v<decltype(model::MailEvent::what)>);
  model::MailEvent event;
  model::Submission submission;
  submission.account = "a@c.test";
  submission.recipients = {"b@d.test", "c@d.test"};
  event.what = submission;
  const auto written = [&] {
    std::string line;
    wire::write_event_line(event, line);
    return Json::parse(line);
  };
  EXPECT_EQ(misfit(schemas["submission"], written()), "");
  event.what = model::Login{
      .account = "a@c.test", .client = {}, .service = "imap", .ok = false, .client_facts = {}};
  EXPECT_EQ(misfit(schemas["login"], written()), "");
  Json strange = written();
  strange["colour"] = "red";
  EXPECT_EQ(misfit(schemas["login"], strange), "has colour") << "the check itself can fail";
  EXPECT_THAT(schemas["delivery"]["properties"]["status"]["enum"], Contains("expired"));
  EXPECT_THAT(schemas.dump(), Not(HasSubstr("\"x\""))) << "a sample is no word of a choice";
}

}  // namespace
}  // namespace leumund::face
