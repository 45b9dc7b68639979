package bucket

import "github.com/minio/minio-go/v7"

// Condition says when a Put may write. The zero value is always.
type Condition struct {
	etag   string
	absent bool
}

// IfAbsent writes only if there is no object of that name.
func IfAbsent() Condition { return Condition{absent: true} }

// IfMatch writes only over the object with this ETag.
func IfMatch(etag string) Condition { return Condition{etag: etag} }

func (c Condition) options() minio.PutObjectOptions {
	o := minio.PutObjectOptions{ContentType: "application/octet-stream"}
	switch {
	case c.absent:
		o.SetMatchETagExcept("*")
	case c.etag != "":
		o.SetMatchETag(c.etag)
	}
	return o
}
