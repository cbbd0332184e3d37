#include "apps/daemon/customer_desk.h"

#include <fmt/core.h>

#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "action/atomic_file.h"
#include "action/mime_mail.h"
#include "base/log.h"
#include "config/case_options.h"
#include "diagnosis/provider_group.h"

namespace leumund::apps {
namespace {

using action::UndeliveredBook;
using model::Delivery;
using model::DeliveryStatus;

constexpr std::chrono::seconds look_every{10};
constexpr std::chrono::seconds save_every{60};
constexpr std::size_t file_bytes_max = 64UL << 20;

std::string queue_name(const Delivery& delivery) {
  if (!delivery.queue.known()) return delivery.id.empty() ? "" : "id " + delivery.id;
  return fmt::format("{} {} {}", delivery.queue.host, delivery.queue.instance,
                     delivery.queue.queue_id);
}

std::map<std::string, std::string> contacts_of(const config::RunSettings& run) {
  std::map<std::string, std::string> out;
  for (const std::string& text : run.customers_domains) {
    auto pair = config::parse_customer_domain(text);
    if (pair) out.insert(std::move(*pair));  // `config check` names the others
  }
  return out;
}

bool refuses(const model::BlockFacts& cell) {
  return cell.state == model::CellState::refused || cell.state == model::CellState::half_open;
}

}  // namespace

CustomerDesk::CustomerDesk(Around around) : around_(std::move(around)), state_(around_.replies) {
  on_ = around_.settings().customers_told;
  if (!on_) {
    forget();
    return;
  }
  const auto content = action::read_file(around_.file, file_bytes_max);
  if (!content) return;  // none yet, or none that can be read: what is still refused comes again
  state_.with([&](State& state) { state.book.from_text(content->bytes); });
}

CustomerDesk::~CustomerDesk() { save(); }

void CustomerDesk::see(const model::MailEvent& event) {
  const auto* delivery = std::get_if<Delivery>(&event.what);
  if (!on_ || delivery == nullptr || delivery->source == model::Source::report) return;
  const bool sent = delivery->status == DeliveryStatus::sent;
  if (sent && state_.with([](const State& state) { return state.book.size() == 0; })) return;
  const auto facts = around_.pipeline.with_engine([&](engine::Engine& engine) {
    return engine.message_facts(delivery->id, delivery->queue, delivery->recipient);
  });
  std::string queue = queue_name(*delivery);
  if (!facts || queue.empty()) return;
  state_.with([&](State& state) {
    if (const auto known = state.queues.find(facts->number); known != state.queues.end()) {
      queue = known->second;
    }
    if (sent) {
      state.book.delivered(queue, delivery->recipient);
      state.changed = true;
      return;
    }
    const auto refusal = state.reader.read(*delivery, delivery->provider);
    if (!refusal.about_our_address()) return;
    if (state.queues.size() >= UndeliveredBook::entries_max) state.queues.clear();
    state.queues.emplace(facts->number, queue);
    action::UndeliveredMail mail{facts->subject, queue, delivery->recipient, "", event.occurred_at};
    mail.provider =
        diagnosis::provider_group(state.reader.reader(), {.provider = delivery->provider,
                                                          .remote = delivery->remote,
                                                          .recipient = delivery->recipient});
    mail.returned = delivery->status != DeliveryStatus::deferred;
    state.book.refused(std::move(mail));
    state.changed = true;
  });
}

void CustomerDesk::tick() {
  const auto now = around_.clock.now();
  if (looked_at_ && now < *looked_at_ + look_every && now >= *looked_at_) return;
  looked_at_ = now;
  const config::RunSettings run = around_.settings();
  if (on_.exchange(run.customers_told) && !run.customers_told) forget();
  if (on_) {
    const Contacts contacts = contacts_of(run);
    std::set<std::string> refusing;
    const auto cells = around_.pipeline.with_engine(
        [&](engine::Engine& engine) { return engine.blocks().all(now); });
    for (const auto& cell : cells) {
      if (refuses(cell)) refusing.insert(cell.provider);
    }
    // Whoever cracked a mailbox may read it: who is restricted now is told later.
    const auto restricted = [&](const model::Subject& subject) {
      const auto standing = around_.pipeline.with_engine(
          [&](engine::Engine& engine) { return engine.explain(subject, now).standing; });
      return standing == "suspended" || standing == "throttled";
    };
    const auto addressee = [&](const model::Subject& subject) {
      if (subject.kind != model::SubjectKind::account) return subject;
      const std::string domain = diagnosis::domain_of(subject.name);
      return contacts.contains(domain) ? model::Subject{model::SubjectKind::domain, domain}
                                       : subject;
    };
    const auto notices = state_.with([&](State& state) {
      auto due = state.book.due(now, {run.customers_after, run.customers_every, run.customers_keep},
                                refusing, restricted, addressee);
      state.changed = state.changed || !due.empty();
      return due;
    });
    for (const auto& notice : notices) send(notice, contacts, run);
    if (!notices.empty()) save();  // a kill must not tell it twice
  }
  if (!saved_at_ || now >= *saved_at_ + save_every || now < *saved_at_) {
    saved_at_ = now;
    save();
  }
}

void CustomerDesk::send(const UndeliveredBook::Notice& notice, const Contacts& contacts,
                        const config::RunSettings& run) {
  std::map<std::string, std::string> names;
  for (const auto& provider : around_.replies->registry().providers) {
    if (!provider.name.empty()) names[provider.id] = provider.name;
  }
  const bool whole = notice.subject.kind == model::SubjectKind::domain;
  const std::string to = whole ? contacts.at(notice.subject.name) : notice.subject.name;
  const bool reachable = action::is_plain_address(to);
  state_.with([&](State& state) { ++(reachable ? state.told : state.no_address); });
  if (!reachable) return;
  around_.tell(to, action::undelivered_notice(notice, names, run.contact, run.notice_language));
}

// Switched off: nothing of it is kept, also not what an earlier run has written.
void CustomerDesk::forget() {
  state_.with([](State& state) {
    state.book.clear();
    state.queues.clear();
    state.changed = false;
  });
  std::error_code failed;
  std::filesystem::remove(around_.file, failed);
  if (failed) {
    base::log(base::LogLevel::warn, "customers: {} is not needed any more and stays: {}",
              around_.file, failed.message());
  }
}

void CustomerDesk::save() {
  if (!on_) return;
  const auto text = state_.with([](State& state) -> std::optional<std::string> {
    if (!std::exchange(state.changed, false)) return std::nullopt;
    return state.book.to_text();
  });
  if (!text) return;
  const auto done = action::write_file_atomically(around_.file, *text, 0600);
  if (done) {
    complained_ = false;
    return;
  }
  state_.with([](State& state) { state.changed = true; });
  if (!std::exchange(complained_, true)) {
    base::log(base::LogLevel::warn, "customers: {}", done.error().message);
  }
}

void CustomerDesk::add_metrics(std::vector<face::Metric>& out) const {
  state_.with([&](const State& state) {
    out.push_back({"leumund_customer_notices_total",
                   "Accounts told of their undelivered mail; no_address: could not be told.",
                   {{{{"outcome", "told"}}, static_cast<double>(state.told)},
                    {{{"outcome", "no_address"}}, static_cast<double>(state.no_address)}}});
    out.push_back({"leumund_undelivered_mails",
                   "Mails kept for notices to customers, one for each recipient.",
                   {{{}, static_cast<double>(state.book.size())}}});
  });
}

}  // namespace leumund::apps
