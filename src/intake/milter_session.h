// One mail server's conversation with the milter: gathers a message, asks once, answers.
//
// Limits:  MilterLimits.
// Threads: the loop's.
// Errors:  refuse() is told what is wrong; then the connection is closed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fingerprint/print_maker.h"
#include "intake/milter_prints.h"
#include "intake/milter_service.h"
#include "model/mail_event.h"
#include "net/event_loop.h"
#include "net/stream_listener.h"
#include "wire/milter_packet.h"

namespace leumund::intake {

class MilterService::Session final : public net::StreamSession {
 public:
  explicit Session(MilterService& service);

  Step on_bytes(std::string_view waiting, std::string& out) override;
  // From a mail's sender to its end.
  [[nodiscard]] bool busy() const override;

 private:
  using Packet = wire::MilterPacket;

  // Each is one command; what it answers goes to `out`.
  base::Status take(const Packet& packet, std::string& out);
  base::Status negotiate(std::string_view data, std::string& out);
  base::Status connect(std::string_view data);
  base::Status begin_message(std::string_view data);
  base::Status add_recipient(std::string_view data);
  base::Status add_header(std::string_view data);
  base::Status set_helo(std::string_view data);
  void take_macros(std::string_view data);
  void add_body(std::string_view data);
  [[nodiscard]] fingerprint::PrintMaker& prints();
  // Fingerprint, class and, for local mail, script: what the whole message tells.
  void finish_print();
  // Nothing to say yet where the sender of local mail is still to be found out.
  [[nodiscard]] bool sender_is_known();
  // Whether lists are to be asked about who brings this mail: a stranger who did not log in.
  [[nodiscard]] bool is_screened();
  // False: what they say is not known yet.
  [[nodiscard]] bool screen_is_known();
  void mark_screened(std::string& out);
  void end_message(std::string& out);
  void say(const model::Answer& answer, std::string& out);
  void forget_message();
  void reply(std::uint32_t no_reply_step, std::string& out) const;
  [[nodiscard]] model::Submission& mail() { return std::get<model::Submission>(event_.what); }

  MilterService& service_;
  wire::MilterOffer agreed_;
  // Of the connection.
  std::optional<base::IpAddress> client_;
  std::string helo_;
  bool local_ = false;  // a program of this host, not SMTP
  // Of the message.
  model::MailEvent event_;
  std::unique_ptr<MilterPrints::Maker> maker_;  // from the first header or piece of the body on
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool cut_ = false;
  bool ended_ = false;  // its last packet was seen, and waits
  std::optional<net::EventLoop::Clock::time_point> waits_since_;
  std::optional<net::EventLoop::Clock::time_point> screens_since_;
  std::optional<std::string> screen_;         // what is to be told of the client; "" nothing
  std::vector<std::string> screens_brought_;  // headers of that name that came with it
};

}  // namespace leumund::intake
