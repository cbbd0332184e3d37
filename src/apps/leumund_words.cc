#include "apps/leumund_words.h"

#include <array>
#include <cstdlib>

#include "base/check.h"

namespace leumund::apps {
namespace {

struct Words {
  Phrase phrase;
  std::string_view en;
  std::string_view de;
};

constexpr std::array table = {
    Words{Phrase::daemon_gone, "leumundd does not answer on {}: {}",
          "leumundd antwortet nicht auf {}: {}"},
    Words{Phrase::daemon_hint,
          "Is it running? systemctl status leumundd; journalctl -u leumundd. Another socket: "
          "--socket",
          "Läuft er? systemctl status leumundd; journalctl -u leumundd. Anderer Socket: --socket"},
    Words{Phrase::no_socket, "there is no such socket", "diesen Socket gibt es nicht"},
    Words{Phrase::permission_hint, "Only root and the group of control.group may ask: use sudo",
          "Nur root und die Gruppe aus control.group dürfen fragen: mit sudo aufrufen"},
    Words{Phrase::header, "Leumund {}, {}, running for {}", "Leumund {}, {}, läuft seit {}"},
    Words{Phrase::mode_observe, "observing: it tells and does not act",
          "beobachtet: meldet, greift nicht ein"},
    Words{Phrase::mode_enforce, "enforcing", "greift ein"},
    Words{Phrase::unattended_until, "Unattended until {}: it acts by itself within its bounds",
          "Unbeaufsichtigt bis {}: greift in Grenzen selbst ein"},
    Words{Phrase::unattended_off, "Attended: somebody watches", "Beaufsichtigt: jemand sieht hin"},
    Words{Phrase::counts, "{} subjects known, {} recipients counted, {} events",
          "{} Absender bekannt, {} Empfänger gezählt, {} Ereignisse"},
    Words{Phrase::rate, "{} recipients a minute", "{} Empfänger je Minute"},
    Words{Phrase::nobody_restricted, "Nobody is restricted.", "Niemand ist eingeschränkt."},
    Words{Phrase::restricted_title, "Restricted ({}):", "Eingeschränkt ({}):"},
    Words{Phrase::exempt_total, "Exempt: {}", "Ausgenommen: {}"},
    Words{Phrase::watched_title, "Watched:", "Unter Beobachtung:"},
    Words{Phrase::latest_title, "Latest decisions:", "Letzte Entscheidungen:"},
    Words{Phrase::part_well, "ok", "ok"},
    Words{Phrase::part_ill, "FAULT", "FEHLER"},
    Words{Phrase::until_released, "until released", "bis zur Freigabe"},
    Words{Phrase::until_time, "until {}", "bis {}"},
    Words{Phrase::standing_good, "good", "gut"},
    Words{Phrase::standing_watched, "watched", "unter Beobachtung"},
    Words{Phrase::standing_throttled, "throttled", "gedrosselt"},
    Words{Phrase::standing_suspended, "suspended as sender", "als Absender gesperrt"},
    Words{Phrase::standing_exempt, "exempt: never restricted",
          "ausgenommen: wird nie eingeschränkt"},
    Words{Phrase::standing_is, "{}: {}", "{}: {}"},
    Words{Phrase::score_is, "Score {:.2f}; measures begin at {:.2f}",
          "Punkte {:.2f}; Maßnahmen ab {:.2f}"},
    Words{Phrase::nothing_known, "Nothing is known of {}", "Über {} ist nichts bekannt"},
    Words{Phrase::reasons_title, "Reasons:", "Gründe:"},
    Words{Phrase::habits_title, "Habits:", "Gewohnheiten:"},
    Words{Phrase::attempts, "Tried since then: {} recipients, last at {}",
          "Seitdem versucht: {} Empfänger, zuletzt {}"},
    Words{Phrase::queued, "Still in the queue: {} ({})", "Noch in der Warteschlange: {} ({})"},
    Words{Phrase::decided_title, "Decisions:", "Entscheidungen:"},
    Words{Phrase::release_hint, "To release: {}", "Freigeben: {}"},
    Words{Phrase::checklist_hint, "When it is done: {}", "Wenn das getan ist: {}"},
    Words{Phrase::level_throttle, "throttled", "gedrosselt"},
    Words{Phrase::level_hold, "held for review", "wird zur Prüfung zurückgehalten"},
    Words{Phrase::level_external_only, "internal mail only", "nur interne Mail"},
    Words{Phrase::level_no_sending, "no sending", "kein Versand"},
    Words{Phrase::was_restricted, "{} restricted: {}, {}", "{} eingeschränkt: {}, {}"},
    Words{Phrase::would_restrict, "{} would be restricted: {} (observing only)",
          "{} würde eingeschränkt: {} (nur beobachtet)"},
    Words{Phrase::was_released, "{} released", "{} freigegeben"},
    Words{Phrase::has_ended, "{}: restriction ended", "{}: Einschränkung abgelaufen"},
    Words{Phrase::was_exempted, "{} exempt from now on", "{} ab jetzt ausgenommen"},
    Words{Phrase::exemption_ended, "{} no longer exempt", "{} nicht mehr ausgenommen"},
    Words{Phrase::was_announced, "{}: mailing announced", "{}: Rundmail angekündigt"},
    Words{Phrase::was_extended, "{}: restriction extended {}", "{}: Einschränkung verlängert {}"},
    Words{Phrase::alarm, "ALARM: {}", "ALARM: {}"},
    Words{Phrase::held_count, "{} queued mails held", "{} Mails in der Warteschlange angehalten"},
    Words{Phrase::undo_hint, "undo: leumund undo {}", "rückgängig: leumund undo {}"},
    Words{Phrase::nothing_changed, "Nothing to change: it stands like that already.",
          "Nichts zu ändern: Es steht schon so."},
    Words{Phrase::no_held_mail, "No mail of {} is held.", "Von {} ist keine Mail angehalten."},
    Words{Phrase::held_title, "{} held mails of {}:", "{} angehaltene Mails von {}:"},
    Words{Phrase::queue_done, "{} mails done, {} failed", "{} Mails erledigt, {} fehlgeschlagen"},
    Words{Phrase::no_decisions, "No decisions yet.", "Noch keine Entscheidungen."},
    Words{Phrase::missed_some, "({} lines missed: this reader was too slow)",
          "({} Zeilen verpasst: dieser Leser war zu langsam)"},
    Words{Phrase::watch_ends, "Ctrl-C ends", "Strg-C beendet"},
    Words{Phrase::config_fine, "{}: fine", "{}: in Ordnung"},
    Words{Phrase::config_default, "{} does not exist: the embedded default runs",
          "{} fehlt: Die eingebaute Voreinstellung gilt"},
    Words{Phrase::config_problems, "{} problems", "{} Fehler"},
    Words{Phrase::restart_needed, "A restart is needed for: {}", "Neustart nötig für: {}"},
    Words{Phrase::reloaded, "Configuration taken up.", "Konfiguration übernommen."},
    Words{Phrase::connect_done, "{} is connected.", "{} ist angebunden."},
    Words{Phrase::connect_nothing, "{} is connected already; nothing to change.",
          "{} ist bereits angebunden; nichts zu ändern."},
    Words{Phrase::connect_dry, "{}: this would be done; nothing was changed.",
          "{}: Das würde geschehen; nichts wurde geändert."},
    Words{Phrase::disconnect_done, "{} is as before.", "{} ist wie zuvor."},
    Words{Phrase::disconnect_bytes, "main.cf and master.cf are byte for byte as before.",
          "main.cf und master.cf sind Byte für Byte wie zuvor."},
    Words{Phrase::changes_title, "Changes:", "Änderungen:"},
    Words{Phrase::files_title, "Files made:", "Angelegte Dateien:"},
    Words{Phrase::commands_title, "Commands:", "Befehle:"},
    Words{Phrase::postfix_reloaded, "Postfix has read its configuration anew.",
          "Postfix hat seine Konfiguration neu gelesen."},
    Words{Phrase::postfix_reload_hint, "Postfix must read it: postfix -c {} reload",
          "Postfix muss sie noch lesen: postfix -c {} reload"},
    Words{Phrase::postfix_not_running, "Postfix is not running; it takes this up when it starts.",
          "Postfix läuft nicht; beim Start gilt es."},
};

static_assert(table.size() == static_cast<std::size_t>(Phrase::postfix_not_running) + 1);

bool german(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string_view(value).starts_with("de");
}

}  // namespace

std::string_view phrase(Language language, Phrase which) {
  const Words& words = table.at(static_cast<std::size_t>(which));
  CHECK(words.phrase == which);
  return language == Language::de ? words.de : words.en;
}

Phrase last_phrase() { return Phrase::postfix_not_running; }

Language choose_language(std::string_view option) {
  if (option == "de") return Language::de;
  if (option == "en") return Language::en;
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') {
      return german(variable) ? Language::de : Language::en;
    }
  }
  return Language::en;
}

}  // namespace leumund::apps
