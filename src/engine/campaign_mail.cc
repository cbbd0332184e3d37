#include "engine/campaign_mail.h"

#include <algorithm>

#include "engine/counting.h"
#include "model/subject.h"

namespace leumund::engine {
namespace {

// A longer list is a mailing of its own.
constexpr std::size_t crowd_recipients_max = 64;

}  // namespace

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

TellingRecipients telling_recipients(const Message& message,
                                     const evidence::RecipientCrowds* crowds, base::TimePoint at) {
  TellingRecipients out;
  verdict::MessageRecipients& counted = out.counted;
  bool crowd = false;
  for (std::size_t i = 0; i < message.recipients.size(); ++i) {
    const RecipientMark& mark = message.recipients[i];
    if (crowds != nullptr && i < crowd_recipients_max && crowds->came_up(mark.hash(), at)) {
      crowd = true;
      counted.left_out += mark.fresh() ? 1U : 0U;
    } else {
      ++(mark.fresh() ? counted.fresh : counted.known);
    }
  }
  // Those left out were written to by others: they are among the ones the house knows.
  counted.in_house =
      std::min(counted.fresh, message.in_house - std::min(message.in_house, counted.left_out));
  out.house_knows = !crowd && counted.in_house >= counted.fresh;
  return out;
}

void take_up(const Message& message, base::TimePoint at, evidence::RecipientCrowds& crowds) {
  const std::size_t count = std::min(message.recipients.size(), crowd_recipients_max);
  for (std::size_t i = 0; i < count; ++i) {
    if (message.recipients[i].fresh()) crowds.take_up(message.recipients[i].hash(), at);
  }
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
