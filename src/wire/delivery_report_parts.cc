#include "wire/delivery_report_parts.h"

namespace leumund::wire {

void ReportParts::gather(const MimeTree& tree) {
  texts.clear();
  html.clear();
  status.clear();
  message = disposition = no_part;
  std::vector<bool> inside(tree.parts.size(), false);  // a returned message
  for (std::size_t i = 0; i < tree.parts.size(); ++i) {
    const MimePart& part = tree.parts[i];
    if (part.parent != no_part) {
      inside[i] = inside[part.parent] || tree.parts[part.parent].kind == MimeKind::message;
    }
    if (inside[i]) continue;
    switch (part.kind) {
      case MimeKind::text_plain: texts.push_back(i); break;
      case MimeKind::text_html: html.push_back(i); break;
      case MimeKind::delivery_status: status.push_back(i); break;
      case MimeKind::message:
      case MimeKind::message_headers:
        if (message == no_part) message = i;
        break;
      case MimeKind::disposition: disposition = i; break;
      case MimeKind::multipart: {
        // Declared as one, but nothing in it: its body is all there is.
        const bool empty = i + 1 >= tree.parts.size() || tree.parts[i + 1].parent != i;
        if (empty) texts.push_back(i);
        break;
      }
      case MimeKind::feedback_report:
      case MimeKind::other: break;
    }
  }
}

}  // namespace leumund::wire
