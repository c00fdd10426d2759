// Service messages in words.
const names = (users) => users.map((one) => one.first_name).join(", ");

export function serviceText(message) {
  const who = message.from?.first_name || "Somebody";
  if (message.forum_topic_created) return `${who} opened the topic “${message.forum_topic_created.name}”`;
  if (message.forum_topic_edited) {
    const name = message.forum_topic_edited.name;
    return name ? `${who} renamed the topic to “${name}”` : `${who} changed the topic's icon`;
  }
  if (message.forum_topic_closed) return `${who} closed the topic`;
  if (message.forum_topic_reopened) return `${who} reopened the topic`;
  if (message.new_chat_members) {
    const joined = message.new_chat_members;
    return joined.length === 1 && joined[0].id === message.from.id ? `${who} joined` : `${who} added ${names(joined)}`;
  }
  if (message.left_chat_member) {
    return message.left_chat_member.id === message.from.id ? `${who} left` : `${who} removed ${message.left_chat_member.first_name}`;
  }
  if (message.pinned_message) {
    const text = (message.pinned_message.text || message.pinned_message.caption || "a file").replace(/\s+/g, " ");
    return `${who} pinned “${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
  }
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return "The group became a supergroup";
  return "Something changed";
}
