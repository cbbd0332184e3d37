// One LMTP conversation (RFC 2033) that takes reports: the state of the dialogue, without a socket.
//
// Flow:    bytes of a connection -> LmtpDialogue -> raw message -> Handler -> one reply a
//          recipient.
// Limits:  LmtpLimits. A message over the limit is read to its end and refused (552); the memory of
//          all conversations together is bounded by the LmtpBudget they share (452).
// Threads: none; the handler is called from on_bytes().
// Errors:  wrong commands get 5xx, and after `errors` of them the conversation ends (421).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::intake {

struct LmtpLimits {
  std::size_t line_bytes = 4'096;  // of a command
  std::size_t message_bytes = 64UL * 1024 * 1024;
  std::size_t recipients = 100;  // of one message
  std::size_t errors = 20;       // of one conversation
};

// Memory for messages that are being received, shared by all conversations.
class LmtpBudget {
 public:
  explicit LmtpBudget(std::size_t bytes) : bytes_(bytes) {}

  [[nodiscard]] bool take(std::size_t bytes) {
    if (used_.fetch_add(bytes) + bytes <= bytes_) return true;
    used_.fetch_sub(bytes);
    return false;
  }
  void give_back(std::size_t bytes) { used_.fetch_sub(bytes); }
  [[nodiscard]] std::size_t used() const { return used_.load(); }

 private:
  const std::size_t bytes_;
  std::atomic<std::size_t> used_ = 0;
};

// What became of a report.
enum class ReportTaken : std::uint8_t {
  taken,      // its facts are with the engine
  ordinary,   // it held none
  no_header,  // ... but a spam, forwarded by somebody who is told how it would be of use
  try_later,  // nothing was kept; the same report may come again
};

// Who the mail server says it is from and for; lower case, without brackets.
struct LmtpEnvelope {
  std::string sender;                   // "" the null reverse-path
  std::vector<std::string> recipients;  // that were taken
  // Nobody but the mail server can have said so; else it is the word of any user of this host.
  bool of_mail_server = false;
};

class LmtpDialogue {
 public:
  using Handler = std::function<ReportTaken(const LmtpEnvelope& envelope, std::string_view raw)>;
  struct Step {
    std::size_t consumed = 0;  // 0: needs more
    bool close = false;        // after `out` is sent
  };

  // All references must outlive the dialogue.
  LmtpDialogue(std::string host_name, const LmtpLimits& limits, LmtpBudget& budget,
               const Handler& handler);
  ~LmtpDialogue();
  LmtpDialogue(const LmtpDialogue&) = delete;
  LmtpDialogue& operator=(const LmtpDialogue&) = delete;

  // Appends "220 ...", once; on_bytes() does it where the caller did not.
  void greet(std::string& out);

  // Takes one command, or a piece of a message, from the front of `waiting`.
  Step on_bytes(std::string_view waiting, std::string& out);

  [[nodiscard]] bool amid_mail() const { return sender_; }

 private:
  Step take_command(std::string_view waiting, std::string& out);
  Step take_data(std::string_view waiting, std::string& out);
  void obey(std::string_view line, std::string& out);
  void mail(std::string_view argument, std::string& out);
  void recipient(std::string_view argument, std::string& out);
  void end_of_data(std::string& out);
  void reset();
  void keep(std::string_view text);
  void wrong(std::string_view reply, std::string& out);

  const std::string host_name_;
  const LmtpLimits& limits_;
  LmtpBudget& budget_;
  const Handler& handler_;
  bool greeted_ = false;
  bool hello_ = false;
  bool sender_ = false;
  bool in_data_ = false;
  bool line_begins_ = true;  // of the message being received
  bool over_limit_ = false;
  bool out_of_memory_ = false;
  bool closing_ = false;
  LmtpEnvelope envelope_;
  std::size_t errors_ = 0;
  std::size_t reserved_ = 0;  // of the budget
  std::string message_;
};

}  // namespace leumund::intake
