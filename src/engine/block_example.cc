#include "engine/block_example.h"

#include <algorithm>
#include <array>

#include "action/desk_addresses.h"
#include "base/ascii.h"
#include "diagnosis/provider_group.h"
#include "evidence/block_cell.h"

namespace leumund::engine {
namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t queue_id_bytes_max = 32;

std::string_view stage_name(model::DeliveryStage stage) {
  constexpr std::array<std::string_view, 7> names = {"",     "connect", "greeting", "mail",
                                                     "rcpt", "data",    "end"};
  return names[static_cast<std::size_t>(stage)];
}

// Which addresses of a reply are desks, of which everybody may know.
class Desks {
 public:
  Desks(const model::Delivery& delivery, const diagnosis::Reader& reader)
      : reader_(reader),
        remote_(base::ascii_lower(delivery.remote.substr(0, delivery.remote.find('[')))),
        recipients_{base::ascii_lower(delivery.recipient), base::ascii_lower(delivery.to)} {}

  [[nodiscard]] bool has(std::string_view local_part, std::string_view domain) const {
    const std::string address = std::string(local_part) + '@' + std::string(domain);
    for (const std::string& recipient : recipients_) {
      if (recipient == address) return false;
    }
    return action::is_desk_name(local_part) || action::is_desk_domain(domain) ||
           (action::is_help_name(local_part) && is_theirs(domain)) ||
           is_in_registry(address, domain);
  }

 private:
  // Of the host that refuses, or of a provider or list of the registry.
  [[nodiscard]] bool is_theirs(std::string_view domain) const {
    return action::last_labels(remote_) == action::last_labels(domain) ||
           reader_.list_of_host(domain) != 0 || reader_.providers().of_domain(domain).has_value() ||
           reader_.providers().of_named_host(domain).has_value();
  }
  [[nodiscard]] bool is_in_registry(std::string_view address, std::string_view domain) const {
    const bool to_there = std::any_of(
        recipients_.begin(), recipients_.end(),
        [&](const std::string& recipient) { return diagnosis::domain_of(recipient) == domain; });
    const auto& all = reader_.registry().providers;
    return std::any_of(all.begin(), all.end(), [&](const diagnosis::Provider& one) {
      if (one.delist_email.empty()) return false;
      if (base::ascii_lower(one.delist_email) == address) return true;
      return !to_there && action::is_beside(one.delist_email, domain) &&
             std::find(one.domains.begin(), one.domains.end(), domain) == one.domains.end();
    });
  }

  const diagnosis::Reader& reader_;
  std::string remote_;
  std::array<std::string, 2> recipients_;
};

// Cut behind a whole word: half an address would show a name without its sign.
std::string_view first_words(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  const auto blank = text.find_last_of(" \t\r\n", bytes_max);
  return text.substr(0, blank == std::string_view::npos ? 0 : blank);
}

}  // namespace

model::BlockExample example_of(const model::Delivery& delivery, const diagnosis::Reader& reader,
                               base::TimePoint at) {
  constexpr std::size_t reply_bytes_max = 4096;
  model::BlockExample out;
  out.at = at;
  out.remote = delivery.remote.substr(0, name_bytes_max);
  out.stage = stage_name(delivery.stage);
  out.queue_id = delivery.queue.queue_id.substr(0, queue_id_bytes_max);
  const Desks desks(delivery, reader);
  out.reply = action::shown_addresses(first_words(delivery.reply, reply_bytes_max),
                                      [&](std::string_view local_part, std::string_view domain) {
                                        return desks.has(local_part, domain)
                                                   ? action::ShownAddress::whole
                                                   : action::ShownAddress::domain;
                                      });
  out.reply.resize(std::min(out.reply.size(), evidence::block_example_bytes));
  return out;
}

}  // namespace leumund::engine
