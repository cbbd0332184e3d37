// What the admin is told when mail for a provider takes another way, waits, or returns.
#include <fmt/core.h>

#include <utility>

#include "action/notice_text.h"
#include "action/one_line.h"
#include "action/sentences.h"

namespace leumund::action {
namespace {

using model::DetourPhase;

struct Words {
  std::string title;
  std::string what;
  std::string next;
};

constexpr const char* by_hand_english =
    "Set by a person, so it stays until a person ends it, or until this way is refused as well.";
constexpr const char* by_hand_german =
    "Das hat ein Mensch so gesetzt, es bleibt also, bis es ein Mensch beendet oder auch dieser Weg "
    "abgewiesen wird.";

const char* option(const model::Detour& detour) {
  return detour.pool.empty() ? "detour.ways" : "detour.pools";
}

// A person may choose the usual way as well: the mail stays there.
bool stays_home(const model::Detour& detour) { return detour.by_hand && detour.via == detour.home; }

Words english(const model::Detour& detour) {
  const std::string refuses =
      detour.by_hand ? "" : fmt::format("{} refuses mail by {}. ", detour.provider, detour.home);
  const char* tries =
      detour.pool.empty() ? " A waiting mail tries the usual way at growing pauses." : "";
  switch (detour.phase) {
    case DetourPhase::none:
      return {fmt::format("mail leaves by {} again", detour.home),
              "The detour is over. Mail that waited is tried again by itself.", ""};
    case DetourPhase::waiting:
      return {"no detour yet, the cause still sends",
              fmt::format("{} refuses mail by {}. Another address would be refused next: {}.",
                          detour.provider, detour.home, detour.reason),
              "Stop the sender (leumund suspend) or say that it is honest (leumund exempt); the "
              "detour then opens by itself. Refused mail waits in the queue."};
    case DetourPhase::open:
      if (stays_home(detour)) {
        return {fmt::format("mail leaves by {}, its usual way", detour.home),
                fmt::format("{} has chosen that mail for {} takes its usual way.", detour.by,
                            detour.provider),
                by_hand_english};
      }
      if (model::is_on_trial(detour)) {
        return {fmt::format("a few mails try {} again", detour.home),
                fmt::format("{} refused every way and has now taken a mail by {}. Up to {} an hour "
                            "follow it; the first that is refused ends that.",
                            detour.provider, detour.home, detour.cap),
                "When enough are taken, all mail leaves there again by itself."};
      }
      return {fmt::format("mail leaves by {}", detour.via),
              !detour.pool.empty()
                  ? refuses + fmt::format("All mail of the senders of {} leaves by {} meanwhile, "
                                          "to whomever it goes; nobody else's does.",
                                          detour.pool, detour.via)
                  : fmt::format("Mail for {} leaves by {} instead of {}; nobody else's does.",
                                detour.provider, detour.via, detour.home),
              detour.by_hand ? by_hand_english
                             : "One mail at growing pauses tries the usual way; when enough are "
                               "taken, mail returns to it by itself."};
    case DetourPhase::capped:
      return {"this hour's detour is used up",
              fmt::format("{} has carried what it may carry to {} in an hour. The rest waits{}.",
                          detour.via, detour.provider,
                          detour.pool.empty() ? ""
                                              : fmt::format("; other mail of {} leaves by {}",
                                                            detour.pool, detour.home)),
              "More an hour: detour.cap and detour.warm_up."};
    case DetourPhase::deferred:
      return {
          "every way is refused, mail waits",
          fmt::format("{} refuses mail by every way {}. It waits in the queue and nothing "
                      "bounces, until Postfix's maximal_queue_lifetime ends it.",
                      detour.provider, detour.pool.empty() ? "we have" : "of pool " + detour.pool),
          fmt::format("Ask to be taken off the list, or add a relay host to {}.{}", option(detour),
                      tries)};
  }
  return {};
}

Words german(const model::Detour& detour) {
  const std::string refuses =
      detour.by_hand ? "" : fmt::format("{} weist Post über {} ab. ", detour.provider, detour.home);
  const char* tries = detour.pool.empty()
                          ? " In wachsenden Abständen probiert eine wartende Mail den üblichen Weg."
                          : "";
  switch (detour.phase) {
    case DetourPhase::none:
      return {fmt::format("Post geht wieder über {} hinaus", detour.home),
              "Der Umweg ist zu Ende. Wartende Post wird von selbst neu versucht.", ""};
    case DetourPhase::waiting:
      return {"noch kein Umweg, die Ursache sendet noch",
              fmt::format("{} weist Post über {} ab. Eine andere Adresse würde als Nächste "
                          "abgewiesen: {}.",
                          detour.provider, detour.home, translated(Language::de, detour.reason)),
              "Den Absender anhalten (leumund suspend) oder für ehrlich erklären (leumund exempt), "
              "dann öffnet sich der Umweg von selbst. Abgewiesene Post wartet in der Queue."};
    case DetourPhase::open:
      if (stays_home(detour)) {
        return {fmt::format("Post geht über {} hinaus, den üblichen Weg", detour.home),
                fmt::format("{} hat bestimmt, dass Post an {} den üblichen Weg nimmt.", detour.by,
                            detour.provider),
                by_hand_german};
      }
      if (model::is_on_trial(detour)) {
        return {fmt::format("einige Mails probieren {} wieder", detour.home),
                fmt::format("{} wies jeden Weg ab und hat jetzt eine Mail über {} angenommen. Bis "
                            "zu {} je Stunde folgen ihr, bis eine abgewiesen wird.",
                            detour.provider, detour.home, detour.cap),
                "Werden genug angenommen, geht alle Post von selbst wieder dort hinaus."};
      }
      return {
          fmt::format("Post geht über {} hinaus", detour.via),
          !detour.pool.empty()
              ? refuses + fmt::format("Alle Post der Absender von {} geht solange über {} hinaus, "
                                      "an wen auch immer; die der anderen nicht.",
                                      detour.pool, detour.via)
              : fmt::format("Post an {} geht über {} statt über {} hinaus, die der anderen nicht.",
                            detour.provider, detour.via, detour.home),
          detour.by_hand ? by_hand_german
                         : "In wachsenden Abständen probiert eine Mail den üblichen Weg; werden "
                           "genug angenommen, geht die Post von selbst wieder dort hinaus."};
    case DetourPhase::capped:
      return {
          "der Umweg ist für diese Stunde ausgeschöpft",
          fmt::format("{} hat befördert, was in einer Stunde an {} gehen darf. Der Rest "
                      "wartet{}.",
                      detour.via, detour.provider,
                      detour.pool.empty() ? ""
                                          : fmt::format("; andere Post von {} geht über {} hinaus",
                                                        detour.pool, detour.home)),
          "Mehr je Stunde: detour.cap und detour.warm_up."};
    case DetourPhase::deferred:
      return {"jeder Weg wird abgewiesen, Post wartet",
              fmt::format("{} weist Post auf jedem Weg ab, den {}. Sie wartet in der Queue, "
                          "nichts kommt zurück, bis Postfix' maximal_queue_lifetime sie beendet.",
                          detour.provider,
                          detour.pool.empty() ? "wir haben" : "der Pool " + detour.pool + " hat"),
              fmt::format("Die Austragung beantragen oder einen Relay-Server in {} aufnehmen.{}",
                          option(detour), tries)};
  }
  return {};
}

// In observe mode all of it is only what would have been done.
Words only_planned(Words words, bool is_german) {
  words.title = (is_german ? "nur geplant: " : "only planned: ") + words.title;
  words.what =
      (is_german ? "Nur geplant, nichts wurde geändert (detour.mode ist observe). Es hieße: "
                 : "Only planned, nothing was changed (detour.mode is observe). It would be: ") +
      words.what;
  words.next = is_german ? "Damit es geschieht: detour.mode = \"enforce\", oder jetzt von Hand."
                         : "To have it done: detour.mode = \"enforce\", or now, by hand.";
  return words;
}

std::string mails(std::uint64_t count, bool is_german) {
  if (count == 1) return is_german ? "1 Mail" : "1 mail";
  return fmt::format("{} {}", count, is_german ? "Mails" : "mails");
}

}  // namespace

NoticeText detour_notice(const model::Decision& decision, Language language) {
  if (!decision.detour) return {};
  const model::Detour& detour = *decision.detour;
  const bool is_german = language == Language::de;
  Words words = is_german ? german(detour) : english(detour);
  if (detour.planned) words = only_planned(std::move(words), is_german);
  const bool away = detour.phase == DetourPhase::open || detour.phase == DetourPhase::capped;
  const std::uint32_t probes = detour.probes_accepted + detour.probes_refused;
  return fill_template(
      notice_template("detour", language),
      {{"title", one_line(words.title, 200)},
       {"what", one_line(words.what, 600)},
       {"next", one_line(words.next, 600)},
       {"warning", one_line(translated_list(language, detour.warning), 600)},
       {"provider", one_line(detour.provider, 200)},
       {"pool", one_line(detour.pool, 100)},
       {"change", one_line(detour.provider, 200) +
                      (detour.pool.empty() ? "" : " --pool " + one_line(detour.pool, 100))},
       {"home", one_line(detour.home, 100)},
       {"via", one_line(detour.via, 100)},
       {"cap",
        !away ? ""
              : mails(detour.cap, is_german) + (is_german ? " in dieser Stunde" : " in this hour")},
       {"delivered", detour.delivered_all == 0 ? "" : mails(detour.delivered_all, is_german)},
       {"probes", probes == 0 ? ""
                  : is_german ? fmt::format("{} angenommen, {} abgewiesen", detour.probes_accepted,
                                            detour.probes_refused)
                              : fmt::format("{} accepted, {} refused", detour.probes_accepted,
                                            detour.probes_refused)},
       {"by", detour.by_hand ? one_line(detour.by, 100) : ""},
       {"number", std::to_string(decision.number)},
       {"argument", shell_argument(decision.subject.to_string())}});
}

}  // namespace leumund::action
