#include "intake/milter_session.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "intake/incoming.h"
#include "intake/screen_service.h"
#include "wire/trace_token.h"

namespace leumund::intake {
namespace {

namespace action = wire::milter_action;
namespace step = wire::milter_step;
using wire::MilterCommand;

constexpr std::uint32_t version = 6;
constexpr std::uint32_t wanted_actions =
    action::add_headers | action::change_headers | action::quarantine;
// All that needs no answer of ours is not answered: one exchange less for each.
constexpr std::uint32_t wanted_steps =
    step::no_unknown | step::no_data | step::skip | step::no_reply_header | step::no_reply_connect |
    step::no_reply_helo | step::no_reply_mail | step::no_reply_recipient | step::no_reply_data |
    step::no_reply_end_of_headers;

constexpr std::size_t name_max = 320;
constexpr std::chrono::milliseconds look_again{5};

void assign_clean(std::string_view from, std::string& to) {
  to.assign(from.substr(0, name_max));
  std::ranges::replace_if(to, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
}

}  // namespace

MilterService::Session::Session(MilterService& service) : service_(service) { forget_message(); }

net::StreamSession::Step MilterService::Session::on_bytes(std::string_view waiting,
                                                          std::string& out) {
  const auto packet = wire::next_milter_packet(waiting, service_.options_.limits.packet_bytes);
  if (!packet) {
    service_.refuse(packet.error());
    return {.consumed = waiting.size(), .next = Next::close};
  }
  if (!packet->has_value()) return {};
  const Packet& whole = **packet;
  if (whole.command == MilterCommand::quit) return {.consumed = whole.bytes, .next = Next::close};
  if (whole.command == MilterCommand::end_of_body) {
    if (!std::exchange(ended_, true)) add_body(whole.data);
    if (!sender_is_known() || !screen_is_known()) {
      return {.consumed = 0, .next = Next::keep, .again_after = look_again};
    }
  }
  if (const base::Status status = take(whole, out); !status) {
    service_.refuse(status.error());
    return {.consumed = waiting.size(), .next = Next::close};
  }
  return {.consumed = whole.bytes, .next = Next::keep};
}

bool MilterService::Session::busy() const {
  return std::get<model::Submission>(event_.what).envelope_sender.has_value();
}

base::Status MilterService::Session::take(const Packet& packet, std::string& out) {
  base::Status status;
  std::uint32_t unanswered = 0;  // the step whose answer may have been agreed to be left out
  switch (packet.command) {
    case MilterCommand::negotiate: return negotiate(packet.data, out);
    case MilterCommand::macros: take_macros(packet.data); return {};
    case MilterCommand::abort: forget_message(); return {};
    case MilterCommand::quit_new_connection:
      forget_message();
      client_.reset();
      helo_.clear();
      return {};
    case MilterCommand::end_of_body: end_message(out); return {};
    case MilterCommand::body:
      add_body(packet.data);
      if (body_bytes_ == service_.options_.limits.streamed_bytes &&
          (agreed_.steps & step::skip) != 0) {
        wire::append_milter_skip(out);
      } else {
        wire::append_milter_continue(out);
      }
      return {};
    case MilterCommand::connect:
      status = connect(packet.data);
      unanswered = step::no_reply_connect;
      break;
    case MilterCommand::helo:
      status = set_helo(packet.data);
      unanswered = step::no_reply_helo;
      break;
    case MilterCommand::mail:
      status = begin_message(packet.data);
      unanswered = step::no_reply_mail;
      break;
    case MilterCommand::recipient:
      status = add_recipient(packet.data);
      unanswered = step::no_reply_recipient;
      break;
    case MilterCommand::header:
      status = add_header(packet.data);
      unanswered = step::no_reply_header;
      break;
    case MilterCommand::data: unanswered = step::no_reply_data; break;
    case MilterCommand::end_of_headers: unanswered = step::no_reply_end_of_headers; break;
    default: break;  // a command of a later version, or UNKNOWN: go on
  }
  if (status) reply(unanswered, out);
  return status;
}

base::Status MilterService::Session::negotiate(std::string_view data, std::string& out) {
  const auto offer = wire::read_milter_offer(data);
  if (!offer) return offer.error();
  if (offer->version < 2) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("milter protocol version {}, at least 2", offer->version)};
  }
  agreed_ = {.version = std::min(offer->version, version),
             .actions = offer->actions & wanted_actions,
             .steps = offer->steps & wanted_steps};
  wire::append_milter_offer(agreed_, out);
  return {};
}

base::Status MilterService::Session::connect(std::string_view data) {
  const auto peer = wire::read_milter_connect(data);
  if (!peer) return peer.error();
  client_ = peer->address;
  local_ = peer->address && peer->address->is_private() && peer->port == 0;
  return {};
}

base::Status MilterService::Session::set_helo(std::string_view data) {
  const auto name = wire::read_milter_text(data);
  if (!name) return name.error();
  assign_clean(*name, helo_);
  return {};
}

void MilterService::Session::take_macros(std::string_view data) {
  wire::read_milter_macros(data, [this](std::string_view name, std::string_view value) {
    if (name == "i") {
      assign_clean(value, mail().queue.queue_id);
    } else if (name == "auth_authen") {
      assign_clean(value, mail().account);
      base::make_ascii_lower(mail().account);
    } else if (name == "cert_subject" && service_.options_.certificate_accounts &&
               mail().account.empty() && !value.empty()) {
      // As policy names it: not longer than a subject's name with its prefix may be.
      assign_clean("cert:" + std::string(value.substr(0, name_max)), mail().account);
      base::make_ascii_lower(mail().account);
    }
  });
}

base::Status MilterService::Session::begin_message(std::string_view data) {
  const auto sender = wire::read_milter_address(data);
  if (!sender) return sender.error();
  assign_clean(*sender, mail().envelope_sender.emplace());
  constexpr std::string_view size = "\0SIZE=";
  if (const std::size_t at = data.find(std::string_view(size.data(), 6)); at != data.npos) {
    std::uint64_t bytes = 0;
    const char* begin = data.data() + at + 6;
    if (std::from_chars(begin, data.data() + data.size(), bytes).ec == std::errc{}) {
      mail().size_bytes = bytes;
    }
  }
  mail().client = client_;
  if (is_screened()) screen_ = service_.options_.screen(*client_);  // asked while the mail comes
  return {};
}

base::Status MilterService::Session::add_recipient(std::string_view data) {
  const auto recipient = wire::read_milter_address(data);
  if (!recipient) return recipient.error();
  ++mail().recipient_count;
  if (mail().recipients.size() < service_.options_.limits.recipients) {
    assign_clean(*recipient, mail().recipients.emplace_back());
  } else {
    cut_ = true;
  }
  return {};
}

base::Status MilterService::Session::add_header(std::string_view data) {
  const auto header = wire::read_milter_header(data);
  if (!header) return header.error();
  if (screens_brought_.size() < service_.options_.limits.screen_headers &&
      base::ascii_lower(header->first) == base::ascii_lower(screen_header)) {
    screens_brought_.emplace_back(header->second);
  }
  // One bound for both, or fields that nobody reads would hide others behind them.
  const auto kept = prints().header(header->first, header->second);
  if (!kept) return {};
  header_bytes_ += header->first.size() + kept->size();
  mail().headers.emplace_back(header->first, *kept);
  return {};
}

void MilterService::Session::add_body(std::string_view data) {
  const std::size_t room = service_.options_.limits.streamed_bytes - body_bytes_;
  if (data.size() > room) cut_ = true;
  data = data.substr(0, room);
  body_bytes_ += data.size();
  prints().body(data);
}

fingerprint::PrintMaker& MilterService::Session::prints() {
  if (!maker_) {
    maker_ = service_.prints_.take();
    maker_->prints.begin({});
  }
  return maker_->prints;
}

void MilterService::Session::finish_print() {
  model::Submission& mail = this->mail();
  fingerprint::PrintMaker& maker = prints();
  const auto& forwarders = maker_->settings->forwarders;
  const bool for_others = std::ranges::find(forwarders, mail.script) != forwarders.end();
  fingerprint::Envelope envelope{.account = mail.account,
                                 .script = for_others ? std::string_view() : mail.script,
                                 .helo = mail.helo,
                                 .sender = {},
                                 .recipients = mail.recipients};
  if (mail.envelope_sender) envelope.sender = *mail.envelope_sender;
  maker.set_envelope(envelope);
  fingerprint::MailPrint made = maker.finish();
  if (cut_) made.print.set(model::MailSign::truncated);
  mail.print = std::make_shared<const model::Fingerprint>(made.print);
  const bool from_here = local_ || !is_incoming(mail, *service_.own_networks_.read());
  service_.attribution_.apply(made, {.from_here = from_here, .forwarder = for_others},
                              event_.occurred_at, mail);
  service_.counters_.names_refused = service_.attribution_.refused();
  ++service_.counters_.classes[static_cast<std::size_t>(made.print.mail_class)];
  if (maker_->settings->keep_own_text) mail.own_text = maker.own_text();
}

bool MilterService::Session::sender_is_known() {
  const Options& options = service_.options_;
  if (!local_ || !options.local_sender || !mail().account.empty()) return true;
  if (auto script = options.local_sender(mail().queue)) {
    mail().script = std::move(*script);
    return true;
  }
  const auto now = service_.loop_.woke_at();
  if (!waits_since_) {
    ++service_.counters_.waited;
    waits_since_ = now;
  }
  if (now - *waits_since_ < options.local_sender_patience) return false;
  ++service_.counters_.waited_in_vain;
  return true;
}

bool MilterService::Session::is_screened() {
  return service_.options_.screen && client_ && !local_ &&
         is_incoming(mail(), *service_.own_networks_.read());
}

bool MilterService::Session::screen_is_known() {
  if (screen_ || !is_screened()) return true;
  const auto now = service_.loop_.woke_at();
  if (!screens_since_) screens_since_ = now;
  screen_ = service_.options_.screen(*client_);
  if (screen_ || now - *screens_since_ < service_.options_.screen_patience) {
    return screen_.has_value();
  }
  screen_ = "";
  return true;
}

// One header, ours, above all others; what a stranger wrote himself goes, the last one first, so
// that the others keep their places. One that our policy service put there is told alike.
void MilterService::Session::mark_screened(std::string& out) {
  if (!screen_ || !is_screened()) return;
  if (!screen_->empty()) ++service_.counters_.screened;
  if (screens_brought_.size() == 1 && screens_brought_.front() == *screen_) return;
  const auto& brought = screens_brought_;
  if (std::ranges::any_of(brought, [&](const auto& one) { return one != *screen_; })) {
    ++service_.counters_.screen_forged;
  }
  if ((agreed_.actions & action::change_headers) != 0) {
    for (std::size_t place = brought.size(); place > 0; --place) {
      wire::append_milter_delete_header(static_cast<std::uint32_t>(place), screen_header, out);
    }
  }
  if (!screen_->empty() && (agreed_.actions & action::add_headers) != 0) {
    wire::append_milter_insert_header(screen_header, *screen_, out);
  }
}

void MilterService::Session::end_message(std::string& out) {
  mail().client = client_;
  mail().helo = helo_;
  mail().recipient_count = std::max(mail().recipient_count, 1U);
  event_.occurred_at = event_.received_at = service_.options_.clock();
  if (!mail().queue.queue_id.empty()) {
    // With the time, because short queue ids are used again.
    mail().id = fmt::format("milter/{}/{}", mail().queue.queue_id,
                            event_.occurred_at.time_since_epoch() / std::chrono::milliseconds(1));
  }
  ++service_.counters_.messages;
  service_.counters_.bytes += header_bytes_ + body_bytes_;
  finish_print();
  if (mail().print->has(model::MailSign::truncated)) ++service_.counters_.cut;
  say(service_.judge(event_), out);
  forget_message();
}

void MilterService::Session::say(const model::Answer& answer, std::string& out) {
  using model::Disposition;
  const std::string& text = answer.text;
  const bool can_hold = (agreed_.actions & action::quarantine) != 0;
  switch (answer.disposition) {
    case Disposition::reject:
      return wire::append_milter_reply(text.empty() ? "550 5.7.1 Refused" : "550 " + text, out);
    case Disposition::throttle:
      return wire::append_milter_reply(text.empty() ? "450 4.7.1 Try later" : "450 " + text, out);
    case Disposition::hold:
      // A server that cannot hold must not let it out: the client keeps it and tries again.
      if (!can_hold) return wire::append_milter_reply("450 4.7.1 Held for review", out);
      wire::append_milter_quarantine(text.empty() ? "held for review by leumund" : text, out);
      break;
    case Disposition::pass:
    case Disposition::warn: break;
  }
  if (!answer.trace.empty() && (agreed_.actions & action::add_headers) != 0) {
    wire::append_milter_insert_header(wire::trace_header, answer.trace, out);
  }
  mark_screened(out);
  wire::append_milter_continue(out);
}

// The connection goes on with the next message.
void MilterService::Session::forget_message() {
  event_ = {};
  model::Submission& fresh = event_.what.emplace<model::Submission>();
  fresh.source = model::Source::milter;
  fresh.stage = model::SubmissionStage::accepted;
  fresh.queue.instance = service_.options_.instance;
  service_.prints_.give_back(std::move(maker_));
  header_bytes_ = body_bytes_ = 0;
  cut_ = ended_ = false;
  waits_since_.reset();
  screens_since_.reset();
  screen_.reset();
  screens_brought_.clear();
}

void MilterService::Session::reply(std::uint32_t no_reply_step, std::string& out) const {
  if ((agreed_.steps & no_reply_step) == 0) wire::append_milter_continue(out);
}

}  // namespace leumund::intake
