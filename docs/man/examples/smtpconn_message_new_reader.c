#include <smtpconn.h>
#include <stdio.h>

static ptrdiff_t read_more(uint8_t *buffer, size_t capacity, void *file) {
    size_t count = fread(buffer, 1, capacity, file);
    if (count > 0)
        return (ptrdiff_t)count;
    return ferror((FILE *)file) ? SMTPCONN_READ_ERROR : SMTPCONN_READ_END;
}

static void close_file(void *file) {
    fclose(file);
}

smtpconn_message *message_of(FILE *file) {
    return smtpconn_message_new_reader(read_more, close_file, file);
}
