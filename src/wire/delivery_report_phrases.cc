#include "wire/delivery_report_phrases.h"

#include <array>
#include <cstdint>
#include <deque>

namespace leumund::wire {
namespace {

struct PhraseEntry {
  Phrase kind;
  std::string_view words;  // lower case; one blank between words
};

// Whole thoughts, not single words: each must say by itself what it is filed under.
constexpr std::array phrase_entries = {
    // English
    PhraseEntry{Phrase::failure, "not be delivered"},
    PhraseEntry{Phrase::failure, "n't be delivered"},
    PhraseEntry{Phrase::failure, "not able to deliver"},
    PhraseEntry{Phrase::failure, "n't able to deliver"},
    PhraseEntry{Phrase::failure, "unable to deliver"},
    PhraseEntry{Phrase::failure, "unable to send"},
    PhraseEntry{Phrase::failure, "could not deliver"},
    PhraseEntry{Phrase::failure, "cannot deliver"},
    PhraseEntry{Phrase::failure, "not be sent"},
    PhraseEntry{Phrase::failure, "not delivered"},
    PhraseEntry{Phrase::failure, "not relayed"},
    PhraseEntry{Phrase::failure, "not been delivered"},
    PhraseEntry{Phrase::failure, "delivery error"},
    PhraseEntry{Phrase::failure, "delivery problem"},
    PhraseEntry{Phrase::failure, "undeliver"},
    PhraseEntry{Phrase::failure, "non-deliver"},
    PhraseEntry{Phrase::failure, "nondeliver"},
    PhraseEntry{Phrase::failure, "non delivery"},
    PhraseEntry{Phrase::failure, "delivery failed"},
    PhraseEntry{Phrase::failure, "delivery has failed"},
    PhraseEntry{Phrase::failure, "delivery failure"},
    PhraseEntry{Phrase::failure, "delivery to the following"},
    PhraseEntry{Phrase::failure, "failed permanently"},
    PhraseEntry{Phrase::failure, "failed to deliver"},
    PhraseEntry{Phrase::failure, "failed to send"},
    PhraseEntry{Phrase::failure, "returned mail"},
    PhraseEntry{Phrase::failure, "failure notice"},
    PhraseEntry{Phrase::failure, "mail system error"},
    PhraseEntry{Phrase::failure, "returned to sender"},
    PhraseEntry{Phrase::failure, "returning message to sender"},
    PhraseEntry{Phrase::failure, "not reach the following"},
    PhraseEntry{Phrase::failure, "did not receive this message"},
    PhraseEntry{Phrase::failure, "error delivering"},
    PhraseEntry{Phrase::failure, "trouble delivering"},
    PhraseEntry{Phrase::failure, "problem delivering"},
    PhraseEntry{Phrase::failure, "error sending your mail"},
    PhraseEntry{Phrase::failure, "error while attempting to deliver"},
    PhraseEntry{Phrase::failure, "fatal errors"},
    PhraseEntry{Phrase::failure, "permanent error"},
    PhraseEntry{Phrase::failure, "permanent failure"},
    PhraseEntry{Phrase::failure, "message was rejected"},
    PhraseEntry{Phrase::failure, "message has been rejected"},
    PhraseEntry{Phrase::failure, "message rejected"},
    PhraseEntry{Phrase::failure, "message blocked"},
    PhraseEntry{Phrase::failure, "message was blocked"},
    PhraseEntry{Phrase::failure, "has been blocked"},
    PhraseEntry{Phrase::failure, "rejected by a remote"},
    PhraseEntry{Phrase::failure, "rejected recipient"},
    PhraseEntry{Phrase::failure, "remote host said"},
    PhraseEntry{Phrase::failure, "remote server returned"},
    PhraseEntry{Phrase::failure, "invalid user address"},
    PhraseEntry{Phrase::failure, "user unknown"},
    PhraseEntry{Phrase::failure, "unknown user"},
    PhraseEntry{Phrase::failure, "unknown recipient"},
    PhraseEntry{Phrase::failure, "mailbox exceeds"},
    PhraseEntry{Phrase::failure, "mailbox is full"},
    PhraseEntry{Phrase::failure, "failure reasons"},
    PhraseEntry{Phrase::failure, "delivery attempt failed"},
    PhraseEntry{Phrase::failure, "transcript of session follows"},
    PhraseEntry{Phrase::failure, "transcript of the attempts"},
    // German
    PhraseEntry{Phrase::failure, "nicht zugestellt"},
    PhraseEntry{Phrase::failure, "zustellfehler"},
    PhraseEntry{Phrase::failure, "nicht zustellbar"},
    PhraseEntry{Phrase::failure, "unzustellbar"},
    PhraseEntry{Phrase::failure, "zustellung fehlgeschlagen"},
    PhraseEntry{Phrase::failure, "zustellung nicht m"},
    PhraseEntry{Phrase::failure, "fehler bei der nachrichtenzustellung"},
    PhraseEntry{Phrase::failure, "fehler bei der zustellung"},
    PhraseEntry{Phrase::failure, "nicht ausgeliefert werden"},
    // French, Spanish, Portuguese, Italian, Dutch
    PhraseEntry{Phrase::failure, "pas pu \xC3\xAAtre"},
    PhraseEntry{Phrase::failure, "pu \xC3\xAAtre remis"},
    PhraseEntry{Phrase::failure, "pu \xC3\xAAtre distribu"},
    PhraseEntry{Phrase::failure, "non remis"},
    PhraseEntry{Phrase::failure, "chec de la remise"},
    PhraseEntry{Phrase::failure, "chec de la distribution"},
    PhraseEntry{Phrase::failure, "no se pudo entregar"},
    PhraseEntry{Phrase::failure, "no se ha podido entregar"},
    PhraseEntry{Phrase::failure, "no se puede entregar"},
    PhraseEntry{Phrase::failure, "error de entrega"},
    PhraseEntry{Phrase::failure, "n\xC3\xA3o foi poss\xC3\xADvel entregar"},
    PhraseEntry{Phrase::failure,
                "n\xC3\xA3o p\xC3\xB4"
                "de ser entregue"},
    PhraseEntry{Phrase::failure, "falha na entrega"},
    PhraseEntry{Phrase::failure, "mancata consegna"},
    PhraseEntry{Phrase::failure, "impossibile recapitare"},
    PhraseEntry{Phrase::failure, "impossibile consegnare"},
    PhraseEntry{Phrase::failure, "niet worden bezorgd"},
    PhraseEntry{Phrase::failure, "niet worden afgeleverd"},
    PhraseEntry{Phrase::failure, "niet bezorgd"},
    // Swedish, Danish, Polish, Czech
    PhraseEntry{Phrase::failure, "kunde inte levereras"},
    PhraseEntry{Phrase::failure, "kunne ikke leveres"},
    PhraseEntry{Phrase::failure,
                "nie mo\xC5\xBC"
                "e zosta\xC4\x87 dostarczona"},
    PhraseEntry{Phrase::failure, "nie mo\xC5\xBCna dostarczy"},
    PhraseEntry{Phrase::failure, "niedostarczon"},
    PhraseEntry{Phrase::failure, "nelze doru\xC4\x8Dit"},
    // Russian: "could not be delivered", "undelivered", "not delivered"
    PhraseEntry{Phrase::failure,
                "\xD0\xBD\xD0\xB5 \xD0\xBC\xD0\xBE\xD0\xB6\xD0\xB5\xD1\x82 "
                "\xD0\xB1\xD1\x8B\xD1\x82\xD1\x8C"},
    PhraseEntry{Phrase::failure,
                "\xD0\xB5\xD0\xB4\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2\xD0\xBB"
                "\xD0\xB5\xD0\xBD"},
    PhraseEntry{Phrase::failure,
                "\xD0\xBD\xD0\xB5 \xD0\xB4\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2"
                "\xD0\xBB\xD0\xB5\xD0\xBD"},
    // Japanese: "could not be sent", "could not be delivered", "cannot be sent"; Chinese:
    // "returned", "cannot be delivered"
    PhraseEntry{Phrase::failure, "\xE9\x80\x81\xE4\xBF\xA1\xE3\x81\xA7\xE3\x81\x8D\xE3\x81\xBE"},
    PhraseEntry{Phrase::failure, "\xE9\x85\x8D\xE4\xBF\xA1\xE3\x81\xA7\xE3\x81\x8D\xE3\x81\xBE"},
    PhraseEntry{Phrase::failure, "\xE9\x80\x81\xE4\xBF\xA1\xE3\x81\xAB\xE5\xA4\xB1\xE6\x95\x97"},
    PhraseEntry{Phrase::failure, "\xE9\x80\x80\xE4\xBF\xA1"},
    PhraseEntry{Phrase::failure, "\xE6\x97\xA0\xE6\xB3\x95\xE6\x8A\x95\xE9\x80\x92"},

    PhraseEntry{Phrase::delay, "has been delayed"},
    PhraseEntry{Phrase::delay, "delivery is delayed"},
    PhraseEntry{Phrase::delay, "delivery delayed"},
    PhraseEntry{Phrase::delay, "message delayed"},
    PhraseEntry{Phrase::delay, "delivery status notification (delay)"},
    PhraseEntry{Phrase::delay, "warning message only"},
    PhraseEntry{Phrase::delay, "just a warning"},
    PhraseEntry{Phrase::delay, "will be retried"},
    PhraseEntry{Phrase::delay, "will keep trying"},
    PhraseEntry{Phrase::delay, "will continue to"},
    PhraseEntry{Phrase::delay, "will continue trying"},
    PhraseEntry{Phrase::delay, "attempts will continue"},
    PhraseEntry{Phrase::delay, "not need to resend"},
    PhraseEntry{Phrase::delay, "not yet been delivered"},
    PhraseEntry{Phrase::delay, "not been delivered yet"},
    PhraseEntry{Phrase::delay, "delayed delivery"},
    PhraseEntry{Phrase::delay, "delayed mail"},
    PhraseEntry{Phrase::delay, "noch nicht zugestellt"},
    PhraseEntry{Phrase::delay, "zustellung verz\xC3\xB6gert"},
    PhraseEntry{Phrase::delay, "remise retard"},
    PhraseEntry{Phrase::delay, "entrega retrasada"},

    PhraseEntry{Phrase::success, "successfully delivered"},
    PhraseEntry{Phrase::success, "was successfully"},
    PhraseEntry{Phrase::success, "successful mail delivery"},
    PhraseEntry{Phrase::success, "successful delivery"},
    PhraseEntry{Phrase::success, "been delivered to the"},
    PhraseEntry{Phrase::success, "delivery status notification (success)"},
    PhraseEntry{Phrase::success, "delivery status notification (relay)"},
    PhraseEntry{Phrase::success, "relayed to the following"},
    PhraseEntry{Phrase::success, "erfolgreich zugestellt"},

    PhraseEntry{Phrase::returned, "original message"},
    PhraseEntry{Phrase::returned, "original mail"},
    PhraseEntry{Phrase::returned, "original header"},
    PhraseEntry{Phrase::returned, "copy of the message"},
    PhraseEntry{Phrase::returned, "copy of your message"},
    PhraseEntry{Phrase::returned, "copy of the original"},
    PhraseEntry{Phrase::returned, "copy of the header"},
    PhraseEntry{Phrase::returned, "copy of the body"},
    PhraseEntry{Phrase::returned, "copy of the first part"},
    PhraseEntry{Phrase::returned, "header of the original"},
    PhraseEntry{Phrase::returned, "headers of the original"},
    PhraseEntry{Phrase::returned, "header of the message"},
    PhraseEntry{Phrase::returned, "message header"},
    PhraseEntry{Phrase::returned, "returned message"},
    PhraseEntry{Phrase::returned, "unsent message"},
    PhraseEntry{Phrase::returned, "undelivered message"},
    PhraseEntry{Phrase::returned, "undeliverable message"},
    PhraseEntry{Phrase::returned, "rejected message"},
    PhraseEntry{Phrase::returned, "message follows"},
    PhraseEntry{Phrase::returned, "message is attached"},
    PhraseEntry{Phrase::returned, "below this line"},
    PhraseEntry{Phrase::returned, "text of the message"},
    PhraseEntry{Phrase::returned, "content of the message"},
    PhraseEntry{Phrase::returned, "return message"},
    PhraseEntry{Phrase::returned, "begin message"},
    PhraseEntry{Phrase::returned, "forwarded message"},
    PhraseEntry{Phrase::returned, "urspr\xC3\xBCngliche nachricht"},
    PhraseEntry{Phrase::returned, "originalnachricht"},
    PhraseEntry{Phrase::returned, "kopie der nachricht"},
    PhraseEntry{Phrase::returned, "kopfzeilen der"},
    PhraseEntry{Phrase::returned, "message d'origine"},
    PhraseEntry{Phrase::returned, "message original"},
    PhraseEntry{Phrase::returned, "mensaje original"},
    PhraseEntry{Phrase::returned, "mensagem original"},
    PhraseEntry{Phrase::returned, "messaggio originale"},
    PhraseEntry{Phrase::returned, "oorspronkelijk bericht"},

    PhraseEntry{Phrase::away, "out of office"},
    PhraseEntry{Phrase::away, "out of the office"},
    PhraseEntry{Phrase::away, "out-of-office"},
    PhraseEntry{Phrase::away, "out of town"},
    PhraseEntry{Phrase::away, "away from the office"},
    PhraseEntry{Phrase::away, "away from my"},
    PhraseEntry{Phrase::away, "am away"},
    PhraseEntry{Phrase::away, "currently away"},
    PhraseEntry{Phrase::away, "away until"},
    PhraseEntry{Phrase::away, "on vacation"},
    PhraseEntry{Phrase::away, "on holiday"},
    PhraseEntry{Phrase::away, "on leave"},
    PhraseEntry{Phrase::away, "maternity leave"},
    PhraseEntry{Phrase::away, "not in the office"},
    PhraseEntry{Phrase::away, "abwesenheit"},
    PhraseEntry{Phrase::away, "nicht im b\xC3\xBCro"},
    PhraseEntry{Phrase::away, "nicht im haus"},
    PhraseEntry{Phrase::away, "im urlaub"},
    PhraseEntry{Phrase::away, "bin abwesend"},
    PhraseEntry{Phrase::away,
                "zur\xC3\xBC"
                "ck am"},
    PhraseEntry{Phrase::away, "absence du bureau"},
    PhraseEntry{Phrase::away, "absent du bureau"},
    PhraseEntry{Phrase::away, "en vacances"},
    PhraseEntry{Phrase::away, "en cong\xC3\xA9"},
    PhraseEntry{Phrase::away, "fuera de la oficina"},
    PhraseEntry{Phrase::away, "de vacaciones"},
    PhraseEntry{Phrase::away, "fuori sede"},
    PhraseEntry{Phrase::away, "fuori ufficio"},
    PhraseEntry{Phrase::away, "in ferie"},
    PhraseEntry{Phrase::away, "afwezig"},
    PhraseEntry{Phrase::away, "fora do escrit"},
    PhraseEntry{Phrase::away, "semesterledig"},
    PhraseEntry{Phrase::away, "\xE4\xB8\x8D\xE5\x9C\xA8"},

    PhraseEntry{Phrase::automatic, "automatic reply"},
    PhraseEntry{Phrase::automatic, "auto reply"},
    PhraseEntry{Phrase::automatic, "auto-reply"},
    PhraseEntry{Phrase::automatic, "autoreply"},
    PhraseEntry{Phrase::automatic, "auto response"},
    PhraseEntry{Phrase::automatic, "auto-response"},
    PhraseEntry{Phrase::automatic, "autoresponder"},
    PhraseEntry{Phrase::automatic, "automatische antwort"},
    PhraseEntry{Phrase::automatic,
                "automatische r\xC3\xBC"
                "ckmeldung"},
    PhraseEntry{Phrase::automatic, "r\xC3\xA9ponse automatique"},
    PhraseEntry{Phrase::automatic, "respuesta autom"},
    PhraseEntry{Phrase::automatic, "resposta autom"},
    PhraseEntry{Phrase::automatic, "risposta automatica"},
    PhraseEntry{Phrase::automatic, "automatisch antwoord"},

    PhraseEntry{Phrase::sender, "message sent by"},
    PhraseEntry{Phrase::sender, "mail sent by"},
    PhraseEntry{Phrase::sender, "original sender"},
    PhraseEntry{Phrase::sender, "message from"},
    PhraseEntry{Phrase::sender, "mail from"},
    PhraseEntry{Phrase::sender, "envelope-from"},
    PhraseEntry{Phrase::sender, "return-path"},
    PhraseEntry{Phrase::sender, "please contact"},
    PhraseEntry{Phrase::sender, "for assistance"},
    PhraseEntry{Phrase::sender, "further assistance"},
    PhraseEntry{Phrase::sender, "send mail to"},
    PhraseEntry{Phrase::sender, "send e-mail to"},
    PhraseEntry{Phrase::sender, "absender"},

    PhraseEntry{Phrase::list, "not a member"},
    PhraseEntry{Phrase::list, "are not member"},
    PhraseEntry{Phrase::list, "not allowed to post"},
    PhraseEntry{Phrase::list, "not subscribed"},
    PhraseEntry{Phrase::list, "posting to the list"},

    PhraseEntry{Phrase::complaint, "email abuse report"},
    PhraseEntry{Phrase::complaint, "e-mail abuse report"},
    PhraseEntry{Phrase::complaint, "complaint about message"},
    PhraseEntry{Phrase::complaint, "spam complaint"},
    PhraseEntry{Phrase::complaint, "spam report for"},
    PhraseEntry{Phrase::complaint, "reported as spam by"},
};

// Classes of bytes: letters of both cases, blanks, other ASCII that occurs in phrases, bytes of
// UTF-8 sequences that occur, and one class for the rest.
class PhraseTable {
 public:
  PhraseTable() {
    number_classes();
    grow();
    link();
  }

  template <typename Take>
  void scan(std::string_view text, Take take) const {
    std::uint32_t state = 0;
    bool blank = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const std::uint8_t kind = classes_[static_cast<unsigned char>(text[i])];
      if (kind == blank_class_ && blank) continue;
      blank = kind == blank_class_;
      state = next_[state * class_count_ + kind];
      if (const std::uint32_t kinds = kinds_[state]; kinds != 0) take(kinds, i + 1);
    }
  }

 private:
  void number_classes() {
    classes_.fill(0);
    std::uint8_t next = 1;
    blank_class_ = next++;
    for (const char c : std::string_view(" \t\r\n")) {
      classes_[static_cast<unsigned char>(c)] = blank_class_;
    }
    for (const auto& entry : phrase_entries) {
      for (const char c : entry.words) {
        auto& kind = classes_[static_cast<unsigned char>(c)];
        if (kind != 0) continue;
        kind = next++;
        if (c >= 'a' && c <= 'z') classes_[static_cast<unsigned char>(c) - 0x20] = kind;
      }
    }
    class_count_ = next;
  }

  void grow() {
    next_.assign(class_count_, 0);
    kinds_.assign(1, 0);
    for (const auto& entry : phrase_entries) {
      std::uint32_t state = 0;
      for (const char c : entry.words) {
        const std::size_t place = state * class_count_ + classes_[static_cast<unsigned char>(c)];
        if (next_[place] == 0) {
          next_[place] = static_cast<std::uint16_t>(kinds_.size());
          kinds_.push_back(0);
          next_.resize(next_.size() + class_count_, 0);
        }
        state = next_[place];
      }
      kinds_[state] |= phrase_bit(entry.kind);
    }
  }

  // Aho-Corasick: every missing edge goes where the longest suffix that is a prefix goes.
  void link() {
    std::vector<std::uint16_t> fallback(kinds_.size(), 0);
    std::deque<std::uint16_t> waiting;
    for (std::size_t c = 0; c < class_count_; ++c) {
      if (next_[c] != 0) waiting.push_back(next_[c]);
    }
    while (!waiting.empty()) {
      const std::uint16_t state = waiting.front();
      waiting.pop_front();
      kinds_[state] |= kinds_[fallback[state]];
      for (std::size_t c = 0; c < class_count_; ++c) {
        std::uint16_t& to = next_[state * class_count_ + c];
        const std::uint16_t instead = next_[fallback[state] * class_count_ + c];
        if (to == 0) {
          to = instead;
        } else {
          fallback[to] = instead;
          waiting.push_back(to);
        }
      }
    }
  }

  std::array<std::uint8_t, 256> classes_{};
  std::uint8_t blank_class_ = 0;
  std::size_t class_count_ = 0;
  std::vector<std::uint16_t> next_;
  std::vector<std::uint32_t> kinds_;
};

// Built once; constant afterwards.
const PhraseTable& phrase_table() {
  static const PhraseTable table;
  return table;
}

}  // namespace

void find_phrases(std::string_view text, std::vector<PhraseHit>& hits) {
  phrase_table().scan(text,
                      [&](std::uint32_t kinds, std::size_t end) { hits.push_back({kinds, end}); });
}

std::uint32_t phrases_in(std::string_view text) {
  std::uint32_t all = 0;
  phrase_table().scan(text, [&](std::uint32_t kinds, std::size_t) { all |= kinds; });
  return all;
}

}  // namespace leumund::wire
