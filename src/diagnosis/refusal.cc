#include "diagnosis/refusal.h"

#include <array>
#include <utility>

namespace leumund::diagnosis {
namespace {

// "A missing PTR record" is a policy in the receiver's words, and still about our address.
bool about_where_we_send_from(const Diagnosis& diagnosis) {
  return diagnosis.kind == Kind::policy &&
         (diagnosis.scope == Scope::address || diagnosis.scope == Scope::range ||
          diagnosis.scope == Scope::asn || diagnosis.scope == Scope::connection);
}

ReplyClass class_of(const Diagnosis& diagnosis) {
  switch (diagnosis.kind) {
    case Kind::ip_blocklist_public:
    case Kind::ip_blocklist_private:
    case Kind::ip_reputation_throttle: return ReplyClass::address_blocked;
    case Kind::domain_reputation:
    case Kind::content: return ReplyClass::content_or_reputation;
    case Kind::unknown_user: return ReplyClass::unknown_user;
    case Kind::mailbox_full: return ReplyClass::mailbox_full;
    case Kind::greylist: return ReplyClass::greylist;
    case Kind::auth_fail:
    case Kind::policy:
    case Kind::other: break;
  }
  return about_where_we_send_from(diagnosis) ? ReplyClass::address_blocked : ReplyClass::other;
}

}  // namespace

bool Refusal::about_our_address() const {
  return kind == Kind::ip_blocklist_public || kind == Kind::ip_blocklist_private ||
         kind == Kind::ip_reputation_throttle;
}

std::string_view reply_class_name(ReplyClass reply_class) {
  constexpr std::array<std::string_view, 6> names = {
      "other",    "unknown_user", "content_or_reputation",
      "greylist", "mailbox_full", "address_blocked"};
  return names[static_cast<std::size_t>(reply_class)];
}

Refusal refusal_of(Diagnosis diagnosis) {
  Refusal out{.reply_class = class_of(diagnosis),
              .kind = diagnosis.kind,
              .scope = diagnosis.scope,
              .fault = diagnosis.fault,
              .permanent = diagnosis.permanent,
              .confidence = diagnosis.confidence,
              .detail = std::move(diagnosis.detail),
              .provider = std::move(diagnosis.provider),
              .listed_address = std::move(diagnosis.listed_address)};
  out.lists.reserve(diagnosis.lists.size());
  for (NamedList& list : diagnosis.lists) out.lists.push_back(std::move(list.id));
  return out;
}

RefusalReader::RefusalReader(std::shared_ptr<const Reader> reader)
    : reader_(std::move(reader)), session_(std::make_unique<Reader::Session>(*reader_)) {}

Refusal RefusalReader::read(const Reply& reply) {
  if (reply.text.empty() || reply.text.front() == '2') return {};
  return refusal_of(reader_->diagnose(reply, *session_, Depth::facts));
}

Refusal RefusalReader::read(const model::Delivery& delivery, std::string_view provider) {
  if (delivery.status == model::DeliveryStatus::sent) return {};
  return read({.text = delivery.reply,
               .provider = provider,
               .remote = delivery.remote,
               .stage = delivery.stage,
               .recipient = delivery.recipient});
}

}  // namespace leumund::diagnosis
