// The marks of an SMTP answer in running text: reply code, enhanced status, stage, remote host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/mail_event.h"

namespace leumund::wire {

struct AnswerPlace {
  std::size_t begin = 0;  // of the code
  std::uint16_t code = 0;
};

// The first reply code of a refusal (4xx, 5xx) at or behind `from` that stands as one: a number of
// its own, followed by a status, a text or the end of the line; not a year, size or part of an
// address.
[[nodiscard]] std::optional<AnswerPlace> find_answer(std::string_view text, std::size_t from = 0);

// The answer that tells the cause: the first one, unless that one only says that the time was over
// (x.4.7) and another one stands behind it, or only repeats the recipient in front of another one
// ("554 <a@b.example>... 550 Host unknown").
[[nodiscard]] std::optional<AnswerPlace> find_telling_answer(std::string_view text);

// "5.1.1" of "550 5.1.1 ...", "(#5.1.1)", "<x #5.7.1 smtp;..."; the one behind the telling
// answer is preferred, then the first one; "" when there is none. Addresses and versions are not
// taken for one.
[[nodiscard]] std::string_view find_status(std::string_view text);

// How far the dialogue had come: "(in reply to RCPT TO command)", "after MAIL FROM", ">>> DATA",
// ...
[[nodiscard]] model::DeliveryStage find_stage(std::string_view text);

// The remote server: "host mx.example[192.0.2.1] said:", "while talking to mx.example.:",
// "Remote Server at mx.example (192.0.2.1) returned"; "" when the text does not tell.
[[nodiscard]] std::string find_remote(std::string_view text);

}  // namespace leumund::wire
