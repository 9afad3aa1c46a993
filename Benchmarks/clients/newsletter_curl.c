/*
 * newsletter_curl.c - examples/newsletter.c with libcurl
 *
 *     newsletter_curl HOST PORT FROM < addresses
 *
 * The multi interface with four handles, which keep their connections. What was refused for now,
 * and what was on a connection that was lost, goes to the end of the queue, five times at most.
 */
#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 4, MOST = 100000, TRIES = 5 };

struct letter {
  char to[400], text[1024];
  size_t length;
  int tries;
};

struct sender {
  CURL *handle;
  struct curl_slist *recipients;
  struct letter *letter;
  size_t position;
};

static struct letter *letters, **queue;
static size_t first, last;
static int sent, failures, active;
static const char *from;

static size_t provide(char *buffer, size_t size, size_t count, void *user) {
  struct sender *sender = user;
  size_t left = sender->letter->length - sender->position;
  if (left > size * count) left = size * count;
  memcpy(buffer, sender->letter->text + sender->position, left);
  sender->position += left;
  return left;
}

static void start_next(CURLM *multi, struct sender *sender) {
  if (first == last) return;
  active++;
  sender->letter = queue[first++];
  sender->letter->tries++;
  sender->position = 0;
  curl_slist_free_all(sender->recipients);
  sender->recipients = curl_slist_append(NULL, sender->letter->to);
  curl_easy_setopt(sender->handle, CURLOPT_MAIL_RCPT, sender->recipients);
  curl_multi_add_handle(multi, sender->handle);
}

/* 4yz, or a connection that was lost before the message was sent. */
static int may_be_sent_again(const struct sender *sender, CURLcode code) {
  long reply = 0;
  curl_easy_getinfo(sender->handle, CURLINFO_RESPONSE_CODE, &reply);
  if (sender->letter->tries == TRIES) return 0;
  return (reply >= 400 && reply < 500) ||
         (sender->position == 0 && code != CURLE_OK && reply < 500);
}

static void finish(CURLM *multi, const CURLMsg *message) {
  struct sender *sender;
  CURLcode code = message->data.result;
  curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &sender);
  curl_multi_remove_handle(multi, sender->handle);
  active--;
  if (code == CURLE_OK) {
    sent++;
  } else if (may_be_sent_again(sender, code)) {
    queue[last++] = sender->letter;
  } else {
    failures++;
    fprintf(stderr, "%s: %s\n", sender->letter->to, curl_easy_strerror(code));
  }
  start_next(multi, sender);
}

static void read_letters(void) {
  char line[400];
  letters = calloc(MOST, sizeof *letters);
  queue = calloc(MOST * TRIES, sizeof *queue);
  if (letters == NULL || queue == NULL) exit(1);
  while (fgets(line, sizeof line, stdin) != NULL && last < MOST) {
    struct letter *letter = &letters[last];
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0') continue;
    strcpy(letter->to, line);
    letter->length = (size_t)snprintf(
        letter->text, sizeof letter->text,
        "From: %s\r\nTo: %s\r\nSubject: News\r\n\r\nDear %s,\r\n\r\nthere is news.\r\n", from,
        letter->to, letter->to);
    if (letter->length >= sizeof letter->text) exit(1);
    queue[last++] = letter;
  }
}

int main(int argc, char **argv) {
  struct sender senders[CONNECTIONS] = {{0}};
  CURLM *multi;
  char url[400];
  int index, running;
  if (argc != 4) return 2;
  from = argv[3];
  snprintf(url, sizeof url, "smtp://%s:%s", argv[1], argv[2]);
  read_letters();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  for (index = 0; index < CONNECTIONS; index++) {
    struct sender *sender = &senders[index];
    sender->handle = curl_easy_init();
    curl_easy_setopt(sender->handle, CURLOPT_URL, url);
    curl_easy_setopt(sender->handle, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(sender->handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(sender->handle, CURLOPT_READFUNCTION, provide);
    curl_easy_setopt(sender->handle, CURLOPT_READDATA, sender);
    curl_easy_setopt(sender->handle, CURLOPT_PRIVATE, sender);
    start_next(multi, sender);
  }
  while (active > 0) {
    const CURLMsg *message;
    int left;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return 1;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
      if (message->msg != CURLMSG_DONE) continue;
      finish(multi, message);
      running = 0;
    }
    /* What was added now has to be performed first. */
    if (running > 0) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  for (index = 0; index < CONNECTIONS; index++) {
    curl_easy_cleanup(senders[index].handle);
    curl_slist_free_all(senders[index].recipients);
  }
  curl_multi_cleanup(multi);
  free(letters);
  free(queue);
  printf("%d sent, %d not\n", sent, failures);
  return failures != 0;
}
