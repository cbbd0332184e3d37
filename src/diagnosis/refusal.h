// A refusal in the few facts that counting needs: what the block matrix and the detectors go by.
//
// It is the same reading as `leumund diagnose` gives, without what only people read (pages, words,
// answers within answers). A refusal about our address outranks all else the text says: it never
// counts against the account that happened to send, nor against the recipient.
//
// Time:    linear in the text; about 3 microseconds for a usual reply.
// Limits:  as Reader.
// Threads: one RefusalReader a thread, or under its owner's lock; the Reader behind it is shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/diagnosis.h"
#include "diagnosis/reader.h"
#include "diagnosis/reply.h"
#include "model/mail_event.h"

namespace leumund::diagnosis {

enum class ReplyClass : std::uint8_t {
  other,
  unknown_user,           // this recipient does not exist
  content_or_reputation,  // what was said, or the sender's own repute
  greylist,
  mailbox_full,
  address_blocked,  // about our address, its network or name: not the account's doing
};

struct Refusal {
  ReplyClass reply_class = ReplyClass::other;
  Kind kind = Kind::other;
  Scope scope = Scope::message;
  Fault fault = Fault::unknown;
  bool permanent = false;
  double confidence = 0;
  std::string detail;                   // "rdns", "dynamic-ip", ...
  std::string provider;                 // registry id of who refused; "" if not told
  std::string listed_address;           // the address (or range) of ours that the text names
  std::vector<std::string> lists = {};  // registry ids, or the zone of a list that nobody knows

  bool operator==(const Refusal&) const = default;

  // Only these open a cell of the block matrix.
  [[nodiscard]] bool about_our_address() const;
  // To be tried again and nobody's fault: these never count anywhere.
  [[nodiscard]] bool passing() const {
    return kind == Kind::greylist || kind == Kind::mailbox_full;
  }
};

[[nodiscard]] std::string_view reply_class_name(ReplyClass reply_class);
[[nodiscard]] Refusal refusal_of(Diagnosis diagnosis);

class RefusalReader {
 public:
  explicit RefusalReader(std::shared_ptr<const Reader> reader);

  // An empty reply, or one that accepts ("250 ..."), gives a Refusal of class and kind `other`.
  [[nodiscard]] Refusal read(const Reply& reply);
  // A delivery that was not sent, with its stage, remote host and recipient; `provider` is the
  // registry id of the recipient's provider where the caller knows it.
  [[nodiscard]] Refusal read(const model::Delivery& delivery, std::string_view provider = {});

  [[nodiscard]] const Reader& reader() const { return *reader_; }

 private:
  std::shared_ptr<const Reader> reader_;
  std::unique_ptr<Reader::Session> session_;
};

}  // namespace leumund::diagnosis
