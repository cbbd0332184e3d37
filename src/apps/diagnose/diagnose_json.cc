#include "apps/diagnose/diagnose_json.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace leumund::apps {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(std::string(text));
}

const char* stage_word(model::DeliveryStage stage) {
  switch (stage) {
    case model::DeliveryStage::unknown: return "unknown";
    case model::DeliveryStage::connect: return "connect";
    case model::DeliveryStage::greeting: return "greeting";
    case model::DeliveryStage::mail: return "mail";
    case model::DeliveryStage::rcpt: return "rcpt";
    case model::DeliveryStage::data: return "data";
    case model::DeliveryStage::end: return "end";
  }
  return "unknown";
}

// Further fields of a result that comes from a report.
void add_report(const wire::DeliveryReport& report, const wire::RecipientReport& recipient,
                Json& object) {
  const wire::OriginalMessage& original = report.original;
  object["report"] = report_kind_name(report.kind);
  object["original_recipient"] = text_or_null(recipient.original_recipient);
  object["text"] = recipient.text;
  object["stage"] = stage_word(recipient.stage);
  object["reporting_mta"] = text_or_null(report.reporting_mta);
  object["original"] = {{"message_id", text_or_null(original.message_id)},
                        {"queue_id", text_or_null(original.queue_id)},
                        {"from", text_or_null(original.from)},
                        {"subject", text_or_null(original.subject)},
                        {"trace", text_or_null(original.trace)}};
  if (!report.feedback) return;
  const wire::FeedbackReport& feedback = *report.feedback;
  object["feedback"] = {
      {"type", feedback.type},
      {"source_ip", text_or_null(feedback.source_ip ? feedback.source_ip->to_string() : "")},
      {"reported_domain", text_or_null(feedback.reported_domain)},
      {"auth_failure", text_or_null(feedback.auth_failure)},
      {"redacted", feedback.redacted}};
}

}  // namespace

std::string diagnosis_json(const diagnosis::Diagnosis& d, const DiagnosisPlace& place,
                           const Explanations& explanations) {
  Json lists = Json::array();
  Json delist = Json::array();
  for (const auto& list : d.lists) {
    lists.push_back(list.id);
    if (!list.delist_url.empty()) delist.push_back(list.delist_url);
  }
  const wire::RecipientReport* const recipient = place.recipient;
  Json object = Json::object();
  if (!place.file.empty()) object["file"] = std::string(place.file);
  object["recipient"] = text_or_null(recipient == nullptr ? "" : recipient->recipient);
  object["action"] = text_or_null(recipient == nullptr ? (d.permanent ? "failed" : "delayed")
                                                       : report_action_name(recipient->action));
  object["code"] = d.code == 0 ? Json(nullptr) : Json(d.code);
  object["status"] = text_or_null(d.status);
  object["permanent"] = d.permanent;
  object["kind"] = kind_name(d.kind);
  object["detail"] = d.detail;
  object["reason"] = d.reason;
  object["scope"] = scope_name(d.scope);
  object["fault"] = fault_name(d.fault);
  object["listed_address"] = text_or_null(d.listed_address);
  object["lists"] = std::move(lists);
  object["zone"] = text_or_null(d.zone);
  object["lookup_url"] = text_or_null(d.lookup_url);
  object["delist_urls"] = std::move(delist);
  object["provider"] = text_or_null(d.provider);
  object["remote"] = text_or_null(d.remote);
  object["pool"] = text_or_null(d.pool);
  object["hops"] = d.hops;
  object["evidence"] = d.evidence;
  object["meaning"] = d.meaning;
  object["confidence"] = d.confidence;
  object["advice"] = d.advice;
  object["explanation"] = {{"en", explanations.english.explain(d)},
                           {"de", explanations.german.explain(d)}};
  if (recipient != nullptr) add_report(*place.report, *recipient, object);
  if (place.patterns != nullptr) object["patterns"] = *place.patterns;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace leumund::apps
