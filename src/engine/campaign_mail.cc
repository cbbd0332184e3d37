#include "engine/campaign_mail.h"

#include "engine/counting.h"
#include "model/subject.h"

namespace leumund::engine {

std::vector<std::uint32_t> recipients_of(const Message& message, std::uint32_t own_address,
                                         std::size_t& fresh) {
  std::vector<std::uint32_t> recipients;
  const auto is_new = [own_address](const RecipientMark& mark) {
    return mark.fresh() && mark.hash() != own_address;
  };
  for (const RecipientMark& mark : message.recipients) {
    if (is_new(mark)) recipients.push_back(mark.hash());
  }
  fresh = recipients.size();
  for (const RecipientMark& mark : message.recipients) {
    if (!is_new(mark)) recipients.push_back(mark.hash());
  }
  return recipients;
}

std::uint32_t own_address_of(const base::HashKey& key, const evidence::Account& account) {
  const auto subject = model::Subject::parse(account.name);
  return subject ? hash_of_address(key, subject->name) & RecipientMark::hash_mask : 0;
}

bool is_own_answer(const model::Submission& submission, const Message& message) {
  const bool local = !submission.client || submission.client->is_loopback();
  if (!message.automatic || !local) return false;
  if (submission.forwarded) return true;
  const auto has = [&](model::MailSign sign) {
    return submission.print && submission.print->has(sign);
  };
  if (!submission.account.empty()) return !submission.print || has(model::MailSign::auto_submitted);
  return has(model::MailSign::report) && has(model::MailSign::text_is_quoted);
}

}  // namespace leumund::engine
